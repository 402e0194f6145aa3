/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "io/weights.hpp"
#include "layers/parameters.hpp"
#include "text/temporal.hpp"
#include "text/thing_words.hpp"
#include "text/tokenizer.hpp"
#include "text/words.hpp"

namespace gvl::model {

inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kWeightsFile = "model.safetensors";
inline constexpr const char* kTokenizerFile = "tokenizer.json";
inline constexpr const char* kWordsFile = "words.txt";     ///< need not be there
inline constexpr const char* kThingsFile = "things.json";  ///< of a model of things

/** Whether a model folder has weights: one that is to be trained from nothing has none. */
bool has_weights(const std::filesystem::path& folder);

/** A model folder's configuration, whose encoders are known. Throws Error naming the file. */
ModelConfig load_config(const std::filesystem::path& folder);

/** The weights of a model folder, memory-mapped: what load() and matrix() give are views of the files. */
class FolderParameters : public layers::ParameterSource {
 public:
  /** `dtype`: what matrices have to be stored as; none: as they are. Throws Error naming the file at fault. */
  explicit FolderParameters(const std::filesystem::path& folder, std::optional<WeightType> dtype = {},
                            Cancellation cancellation = {})
      : weights_(io::Weights::open(folder)), dtype_(dtype), cancellation_(std::move(cancellation)) {}

  /** Numbers only. Throws Error naming file and tensor, and Error(kCancelled). */
  at::Tensor load(const std::string& name, const std::vector<std::int64_t>& shape) const override;
  /** The same; of a quantised matrix, it has looked at all scales. */
  layers::Weight matrix(const std::string& name, const std::vector<std::int64_t>& shape) const override;
  bool contains(const std::string& name) const { return weights_.contains(name); }

 private:
  io::Weights weights_;
  std::optional<WeightType> dtype_;
  Cancellation cancellation_;
};

/** A model folder's tokenizer with the temporal tokens added. */
struct FolderTokenizer {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  text::TemporalTokens temporal;
};

/** Throws Error naming the file when it is no tokenizer, or has more tokens than the model. */
FolderTokenizer load_tokenizer(const std::filesystem::path& file, const ModelConfig& config);

/**
 * A similarity model's tokenizer. Throws Error naming the file when it is none, has more tokens than the model, or puts
 * no start and end token around a text.
 */
std::shared_ptr<const text::Tokenizer> load_text_tokenizer(const std::filesystem::path& file,
                                                           const ModelConfig& config);

/** "phi3", "similarity": what a model is, for messages. */
std::string described_type(const ModelConfig& config);

/** Throws Error(kUnsupported) naming the folder unless the model is a Grounded-VideoLLM, which alone can be `done`. */
void require_grounded(const std::filesystem::path& folder, const ModelConfig& config, const char* done);

/** The words that a model folder's model saw, where it says so. Throws Error naming the file. */
std::optional<text::WordList> load_words(const std::filesystem::path& folder);

/** What words mean to a model of things. Throws Error naming the file. */
text::ThingWords load_thing_words(const std::filesystem::path& folder);

}  // namespace gvl::model
