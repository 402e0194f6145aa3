/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/model_folder.hpp"

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "io/language_model.hpp"
#include "io/quote.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/quantised_weights.hpp"
#include "vision/encoder.hpp"

namespace gvl::model {

namespace {

/** A folder of the official release has no config.json. */
void refuse_release(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / kConfigFile, ignored)) return;
  for (const io::LanguageModel* model : io::language_models()) {
    if (!std::filesystem::exists(folder / model->official.folder, ignored)) continue;
    throw Error(ErrorCode::kUnsupported,
                folder.string() + ": is a folder of the official release; gvl-convert makes a model folder of it");
  }
}

}  // namespace

ModelConfig load_config(const std::filesystem::path& folder) {
  refuse_release(folder);
  const std::filesystem::path file = folder / kConfigFile;
  ModelConfig config = ModelConfig::load(file);
  for (const std::string& encoder : {config.spatial.type, config.temporal.type}) {
    try {
      if (!encoder.empty()) vision::encoder_kind(encoder);
    } catch (const Error& error) {
      throw Error(error.code(), file.string() + ": " + error.what());
    }
  }
  return config;
}

at::Tensor FolderParameters::load(const std::string& name, const std::vector<std::int64_t>& shape) const {
  cancellation_.check();
  const Tensor tensor = weights_.get(name, shape);
  if (!io::is_weight_float(tensor.type)) {
    throw Error(ErrorCode::kUnsupported, weights_.path_of(name).string() + ": tensor " + io::quote(name) + " is " +
                                             name_of(tensor.type) + ", where numbers are needed");
  }
  return layers::to_aten(tensor);
}

layers::Weight FolderParameters::matrix(const std::string& name, const std::vector<std::int64_t>& shape) const {
  const auto stored = quantised_type(weights_, name);
  if (dtype_) require_matrix_type(weights_, name, *dtype_);
  if (!stored) return ParameterSource::matrix(name, shape);
  cancellation_.check();
  return read_quantised(weights_, name, *stored, shape);
}

FolderTokenizer load_tokenizer(const std::filesystem::path& file, const ModelConfig& config) {
  auto tokenizer = std::make_shared<text::Tokenizer>(text::Tokenizer::load(file));
  text::TemporalTokens temporal(*tokenizer, config.temporal_tokens);
  if (tokenizer->size() > config.language.vocab_size) {
    throw Error(ErrorCode::kMalformed, file.string() + ": has " + std::to_string(tokenizer->size()) +
                                           " tokens with the temporal ones, the model " +
                                           std::to_string(config.language.vocab_size));
  }
  return {std::move(tokenizer), std::move(temporal)};
}

std::optional<text::WordList> load_words(const std::filesystem::path& folder) {
  std::error_code ignored;
  const std::filesystem::path file = folder / kWordsFile;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) return std::nullopt;
  return text::WordList::load(file);
}

}  // namespace gvl::model
