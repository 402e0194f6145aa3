/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/model_folder.hpp"

#include "gvl/error.hpp"
#include "gvl/model_folders.hpp"
#include "io/composite.hpp"
#include "io/data_types.hpp"
#include "io/language_model.hpp"
#include "io/quote.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/clip_release.hpp"
#include "model/quantised_weights.hpp"
#include "vision/coco_detector.hpp"
#include "vision/colour_names.hpp"
#include "vision/encoder.hpp"

namespace gvl::model {

namespace {

/** A folder of the official release has no config.json. */
void refuse_release(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (is_clip_release(folder)) {
    throw Error(ErrorCode::kUnsupported,
                folder.string() + ": is a CLIP model in Hugging Face's layout; gvl-convert makes a model folder of it");
  }
  if (std::filesystem::exists(folder / kConfigFile, ignored)) return;
  for (const io::LanguageModel* model : io::language_models()) {
    if (!std::filesystem::exists(folder / model->official.folder, ignored)) continue;
    throw Error(ErrorCode::kUnsupported,
                folder.string() + ": is a folder of the official release; gvl-convert makes a model folder of it");
  }
}

}  // namespace

bool has_weights(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / kWeightsFile, ignored) ||
         std::filesystem::exists(folder / (std::string(kWeightsFile) + ".index.json"), ignored);
}

ModelConfig load_config(const std::filesystem::path& folder) {
  refuse_release(folder);
  const std::filesystem::path file = folder / kConfigFile;
  ModelConfig config = ModelConfig::load(file);
  if (config.type == ModelType::kSimilarity && !config.spatial.type.empty() && config.spatial.type != "clip") {
    throw Error(ErrorCode::kUnsupported, file.string() + ": spatial.type: is " + io::quote(config.spatial.type) +
                                             ", a similarity model's is \"clip\"");
  }
  for (const std::string& encoder : {config.spatial.type, config.temporal.type}) {
    try {
      if (!encoder.empty()) vision::encoder_kind(encoder);
    } catch (const Error& error) {
      throw Error(error.code(), file.string() + ": " + error.what());
    }
  }
  if (config.type == ModelType::kThings &&
      (config.spatial.type.empty() || !vision::encoder_kind(config.spatial.type).tells_objects)) {
    throw Error(ErrorCode::kUnsupported, file.string() + ": spatial.type: is " + io::quote(config.spatial.type) +
                                             ", a model of things needs a detector");
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

namespace {

void require_room(const std::filesystem::path& file, const text::Tokenizer& tokenizer, std::int64_t vocab_size,
                  const char* which) {
  if (tokenizer.size() <= vocab_size) return;
  throw Error(ErrorCode::kMalformed, file.string() + ": has " + std::to_string(tokenizer.size()) + " tokens" + which +
                                         ", the model " + std::to_string(vocab_size));
}

}  // namespace

FolderTokenizer load_tokenizer(const std::filesystem::path& file, const ModelConfig& config) {
  auto tokenizer = std::make_shared<text::Tokenizer>(text::Tokenizer::load(file));
  text::TemporalTokens temporal(*tokenizer, config.temporal_tokens);
  require_room(file, *tokenizer, config.language.vocab_size, " with the temporal ones");
  return {std::move(tokenizer), std::move(temporal)};
}

std::shared_ptr<const text::Tokenizer> load_text_tokenizer(const std::filesystem::path& file,
                                                           const ModelConfig& config) {
  auto tokenizer = std::make_shared<const text::Tokenizer>(text::Tokenizer::load(file));
  require_room(file, *tokenizer, config.similarity.text.vocab_size, "");
  if (tokenizer->encode("").size() == 2) return tokenizer;
  throw Error(ErrorCode::kMalformed, file.string() + ": puts no start and end token around a text (post_processor)");
}

std::string described_type(const ModelConfig& config) {
  switch (config.type) {
    case ModelType::kSimilarity:
      return "similarity";
    case ModelType::kThings:
      return "things";
    case ModelType::kComposite:
      return "composite";
    case ModelType::kGroundedVideoLlm:
      break;
  }
  return config.language.type;
}

void require_grounded(const std::filesystem::path& folder, const ModelConfig& config, const char* done) {
  if (config.type == ModelType::kGroundedVideoLlm) return;
  throw Error(ErrorCode::kUnsupported, folder.string() + ": is a model of type " + described_type(config) +
                                           "; only a Grounded-VideoLLM can be " + done);
}

std::optional<text::WordList> load_words(const std::filesystem::path& folder) {
  std::error_code ignored;
  const std::filesystem::path file = folder / kWordsFile;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) return std::nullopt;
  return text::WordList::load(file);
}

text::ThingWords load_thing_words(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kThingsFile;
  text::ThingWords words = text::ThingWords::load(file);
  const auto expect = [&](const char* member, std::size_t found, std::size_t needed) {
    if (found == needed) return;
    throw Error(ErrorCode::kMalformed, file.string() + ": " + member + ": has " + std::to_string(found) +
                                           ", the model " + std::to_string(needed));
  };
  expect("things", words.things().size(), vision::kCocoClasses);
  expect("colours", words.colours().size(), vision::kColours);
  return words;
}

}  // namespace gvl::model

namespace gvl {

std::vector<std::filesystem::path> folders_of_model(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> folders{folder};
  try {
    for (const std::string& name : model::load_config(folder).member_names)
      folders.push_back(io::member_folder(folder, name));
  } catch (const Error&) {
    // What is wrong with it is told where it is loaded.
  }
  return folders;
}

}  // namespace gvl
