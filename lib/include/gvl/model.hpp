/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "gvl/export.hpp"
#include "gvl/future.hpp"
#include "gvl/generation.hpp"
#include "gvl/task.hpp"
#include "gvl/tensor.hpp"

namespace gvl {

/** How one kind of a model's work is put together from all streams. */
struct StageOptions {
  int max_batch = 1;                      ///< the most pieces of work that run together, at least 1
  std::chrono::microseconds max_wait{0};  ///< a piece waits so long for others to fill the batch, at most a minute
};

/** Where a model runs, and how much at once. Whoever loads a folder with other options gets another instance. */
struct ModelOptions {
  std::string device = "auto";  ///< "auto" (CUDA when there is one), "cpu", "cuda", "cuda:1", ...
  int threads = 0;              ///< CPU threads of the process's engine; 0: all cores
  // A batch of keyframes fills a GPU better than one; a segment does so by itself.
  StageOptions spatial{.max_batch = 8};   ///< segments' keyframes through the spatial encoder
  StageOptions temporal{.max_batch = 2};  ///< segments through the temporal encoder
  StageOptions fusion;                    ///< segments through the projectors
  StageOptions answer;                    ///< windows through the language model
  /** What the keys and values of read tokens are kept as, a type that holds weights; none: the weights' type. */
  std::optional<DataType> cache_type;
};

/**
 * The folder of the model to use when none is named: the environment's GVL_MODEL_PATH, else the default model where it
 * was installed, else that of the build tree. Throws Error when there is none.
 */
GVL_EXPORT std::filesystem::path default_model_folder();

/**
 * The folder that people mean by `model`: a path or, where there is none, the name of an installed model; the default
 * model's if it is empty. A path need not exist. Throws Error(kNotFound) with the installed names where a name is none
 * of them, and as default_model_folder() does.
 */
GVL_EXPORT std::filesystem::path model_folder(const std::string& model);

/** Names of the models that are installed, or lie in the build tree, in order. */
GVL_EXPORT std::vector<std::string> installed_models();

/** A window of video as it is asked about. */
struct VideoWindow {
  Future<Tensor> tokens;  ///< gvl/video-tokens, float32 [K * L, H]
  double duration = 0;    ///< L in seconds: what temporal token M stands for
  double start = 0;       ///< when it begins, in seconds: times in queries and answers' words are the video's
  /**
   * Where segments are not equally long: K + 1 times in seconds, 0 and those at which one ends, up to `duration`. Times
   * in questions and answers then are by place among the segments.
   */
  std::vector<double> boundaries;
};

/**
 * A loaded model, of whatever type its folder is (ModelType), and the scheduler that runs its jobs.
 *
 * Every member is thread safe. The asynchronous ones return at once and never compute on the caller's thread; their
 * jobs start when the inputs are ready and fail with the error of a failed input. Jobs that share a Cancellation are
 * one stream's: they run in the order in which they became ready, and streams take turns. Those of a higher priority go
 * first, but three batches in a row at most pass over who has waited longest. Equal jobs run together, as
 * far as ModelOptions says. A cancelled job fails with Error(kCancelled): in its turn when it has not started, between
 * two layers or tokens when it has.
 */
class GVL_EXPORT Model {
 public:
  /**
   * The model in `folder` (config.json, model.safetensors or shards with an index, tokenizer.json, maybe words.txt).
   * Everybody in the process who names the same folder and options gets the same instance while somebody holds it;
   * others load beside it. On the CPU weight files of 64 MiB and more stay memory-mapped: they may be replaced by
   * renaming another over them, or removed, but not be written into or cut short. Smaller ones are read. Throws Error
   * naming the file at fault, and Error(kCancelled) between two weights once `cancellation` says so.
   */
  static std::shared_ptr<Model> load(const std::filesystem::path& folder, const ModelOptions& options = {},
                                     Cancellation cancellation = {});

  /** The configuration of the model in `folder`, which is quick to read. Throws Error naming the file at fault. */
  static ModelConfig read_config(const std::filesystem::path& folder);

  virtual ~Model() = default;

  /** Where it was loaded from, without symbolic links; empty for a model that was made otherwise. */
  virtual std::string folder() const { return {}; }

  virtual const ModelConfig& config() const noexcept = 0;
  virtual const std::string& device() const noexcept = 0;  ///< where it runs: "cpu", "cuda:0"

  /**
   * The words of `query` that what answers it never saw when it was trained, in lower case, each once and in order:
   * what it answers about them is a guess. Empty for a model whose folder has no words.txt (docs/models.md).
   */
  virtual std::vector<std::string> unknown_words(const Query& query) const { return {}; }

  /** uint8 [keyframes, S, S, 3] -> float32 [P, D] pooled features of a segment's keyframes, by the spatial encoder. */
  virtual Future<Tensor> encode_spatial(Future<Tensor> pixels, Cancellation cancellation) = 0;

  /** uint8 [n, S', S', 3] -> float32 [n * P', D'] pooled features of a segment, by the temporal encoder. */
  virtual Future<Tensor> encode_temporal(Future<Tensor> pixels, Cancellation cancellation) = 0;

  /** Both features of a segment -> float32 [L, H], its tokens for what answers. */
  virtual Future<Tensor> fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) = 0;

  /** Segment tokens in order -> float32 [K * L, H]. */
  virtual Future<Tensor> concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) = 0;

  /**
   * Answers `queries` about a window, in order, each as soon as it is complete. A language model reads the prompt up to
   * and including the video tokens once for all of them. A query of a task that this type of model does not answer
   * fails with Error(kUnsupported) that names the model.
   */
  virtual std::vector<Future<Answer>> answer(VideoWindow window, std::vector<Query> queries,
                                             const GenerationOptions& options, Cancellation cancellation) = 0;
};

}  // namespace gvl
