/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/config.hpp"
#include "gvl/export.hpp"

namespace gvl {

/** What a model folder has, or is going to have. */
struct ModelSummary {
  std::string type;  ///< the language model's ("phi3"), or "similarity"
  WeightType dtype;  ///< of the language model's weights
  std::size_t tensors = 0;
  std::size_t bytes = 0;  ///< of all weights
};

struct ConvertOptions {
  std::optional<WeightType> dtype;  ///< of the weights written; none: as in the release. A model folder needs one
  /** The weights that the published training began with, to train from: without the release's ckpt/sft_*.pth. */
  bool base = false;
  /** Which of the models (release_variants()) a folder is about that holds several; empty: the one that there is. */
  std::string variant;
  std::function<void(const ModelSummary&)> begin;                     ///< what is going to be made, may be empty
  std::function<void(std::size_t done, std::size_t total)> progress;  ///< tensors written, may be empty
};

/**
 * Makes our model folder from a folder in the official release's layout (docs/models.md, "The published weights"):
 * fine-tuned weights over base weights, LoRA merged, position embedding interpolated, unused layers and heads dropped;
 * from a CLIP in Hugging Face's layout a similarity model (docs/models.md, "Similarity models"); or from a model folder
 * one of another `dtype`, its words and all. One tensor is in memory at a time. `out` is created; a model already
 * there, which may be `from`, is replaced only when the new one is complete. Throws Error naming the file or tensor at
 * fault: kMalformed also for weights that are no finite numbers, kUnsupported for ones that `dtype` cannot hold.
 */
GVL_EXPORT void convert(const std::filesystem::path& from, const std::filesystem::path& out,
                        const ConvertOptions& options = {});

/**
 * Checks a model folder: that it loads, and that its weights are finite numbers, each of which is read. Throws Error
 * naming the file or tensor at fault.
 */
GVL_EXPORT ModelSummary verify(const std::filesystem::path& folder,
                               const std::function<void(std::size_t done, std::size_t total)>& progress = {});

/** The models of the official release: "phi3.5", "llama3". */
GVL_EXPORT std::vector<std::string> release_variants();

/**
 * Those of a release's files that convert() reads to make a model of `variant`, of `all` that there are, as paths
 * within its folder. Throws Error(kNotFound) naming one that is missing, Error(kInvalidArgument) for an unknown
 * variant.
 */
GVL_EXPORT std::vector<std::string> release_files(std::string_view variant, const std::vector<std::string>& all,
                                                  bool base = false);

/**
 * Those files of a repository with a CLIP model in Hugging Face's layout that convert() reads, and its licence, of
 * `all` that there are. Throws Error(kNotFound) naming one that is missing.
 */
GVL_EXPORT std::vector<std::string> clip_release_files(const std::vector<std::string>& all);

}  // namespace gvl
