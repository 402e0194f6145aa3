/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/clip_release.hpp"

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "gvl/error.hpp"
#include "io/json.hpp"
#include "io/mapped_file.hpp"
#include "io/torch_archive.hpp"
#include "io/weights.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"

namespace gvl::model {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxSize = 1 << 17;
constexpr const char* kPreprocessorFile = "preprocessor_config.json";
constexpr const char* kVocabularyFile = "vocab.json";
constexpr const char* kPickleFile = "pytorch_model.bin";
constexpr const char* kMergesFile = "merges.txt";

// Two samples a second in windows of a minute.
constexpr std::int64_t kFrames = 120;
constexpr std::int64_t kSegments = 12;
constexpr std::int64_t kMoments = 5;
constexpr double kLeastConfidence = 0.5;

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

/** What no config.json says has the value that it has in transformers. */
Activation read_activation(const io::JsonValue& object) {
  const std::string name = object.string_or("hidden_act", "quick_gelu");
  if (name == "quick_gelu") return Activation::kQuickGelu;
  if (name == "gelu") return Activation::kGelu;
  throw object.at("hidden_act").error("is \"" + name + "\", known are quick_gelu, gelu", ErrorCode::kUnsupported);
}

TextEncoderConfig read_text(const io::JsonValue& object) {
  TextEncoderConfig text;
  text.vocab_size = object.integer_or("vocab_size", 49408, 1);
  text.max_positions = object.integer_or("max_position_embeddings", 77, 1, kMaxSize);
  text.hidden_size = object.integer_or("hidden_size", 512, 1, kMaxSize);
  text.intermediate_size = object.integer_or("intermediate_size", 2048, 1, kMaxSize);
  text.layers = object.integer_or("num_hidden_layers", 12, 1, kMaxSize);
  text.heads = object.integer_or("num_attention_heads", 8, 1, kMaxSize);
  text.norm_eps = object.number_or("layer_norm_eps", 1e-5);
  text.activation = read_activation(object);
  return text;
}

VisionConfig read_vision(const io::JsonValue& object) {
  VisionConfig vision;
  vision.image_size = object.integer_or("image_size", 224, 1, kMaxSize);
  vision.patch_size = object.integer_or("patch_size", 32, 1, kMaxSize);
  vision.hidden_size = object.integer_or("hidden_size", 768, 1, kMaxSize);
  vision.intermediate_size = object.integer_or("intermediate_size", 3072, 1, kMaxSize);
  vision.layers = object.integer_or("num_hidden_layers", 12, 1, kMaxSize);
  vision.heads = object.integer_or("num_attention_heads", 12, 1, kMaxSize);
  vision.norm_eps = object.number_or("layer_norm_eps", 1e-5);
  vision.activation = read_activation(object);
  return vision;
}

std::array<double, 3> read_channels(const io::JsonValue& root, const char* member) {
  const io::JsonValue array = root.array(member);
  if (array.size() != 3) throw array.error("needs 3 values, red, green and blue");
  return {array.at(0).as_number(), array.at(1).as_number(), array.at(2).as_number()};
}

/** A size that is a number, or an object of sizes by one of two names. */
std::int64_t read_size(const io::JsonValue& root, const char* member, const char* name) {
  const io::JsonValue size = root.at(member);
  return size.is_object() ? size.integer(name, 1, kMaxSize) : size.as_integer(1, kMaxSize);
}

/** Pictures have to be made as ours are: shortest side to S, bicubic, the middle S x S, by mean and deviation. */
void read_preprocessor(const fs::path& file, VisionConfig& vision) {
  const io::JsonValue root = io::JsonValue::load(file);
  for (const char* step : {"do_resize", "do_center_crop", "do_normalize", "do_rescale"}) {
    if (!root.boolean_or(step, true)) throw root.at(step).error("only true is supported", ErrorCode::kUnsupported);
  }
  constexpr std::int64_t kBicubic = 3;
  if (root.integer_or("resample", kBicubic) != kBicubic) {
    throw root.at("resample").error("only 3, bicubic, is supported", ErrorCode::kUnsupported);
  }
  for (const auto& [member, name] : {std::pair{"size", "shortest_edge"}, {"crop_size", "height"}}) {
    if (read_size(root, member, name) == vision.image_size) continue;
    throw root.at(member).error("is not the model's image_size, " + std::to_string(vision.image_size),
                                ErrorCode::kUnsupported);
  }
  vision.mean = read_channels(root, "image_mean");
  vision.std = read_channels(root, "image_std");
}

/** A checkpoint's tensors: of safetensors, or of the pickle that older repositories have. */
class Checkpoint {
 public:
  explicit Checkpoint(const fs::path& folder) {
    if (!has_safetensors(folder) && is_there(folder / kPickleFile)) {
      pickle_ = io::TorchArchive::open(folder / kPickleFile);
    } else {
      weights_ = io::Weights::open(folder);
    }
  }

  std::vector<std::string> names() const { return pickle_ ? pickle_->names() : weights_->names(); }
  const io::TensorInfo& info(const std::string& name) const {
    return pickle_ ? pickle_->info(name) : weights_->info(name);
  }
  at::Tensor get(const std::string& name) const {
    return layers::to_aten(pickle_ ? pickle_->get(name) : weights_->get(name));
  }
  fs::path path_of(const std::string& name) const { return pickle_ ? pickle_->path() : weights_->path_of(name); }

 private:
  static bool has_safetensors(const fs::path& folder) {
    return is_there(folder / kWeightsFile) || is_there(folder / (std::string(kWeightsFile) + ".index.json"));
  }

  std::optional<io::Weights> weights_;
  std::optional<io::TorchArchive> pickle_;
};

double read_logit_scale(const Checkpoint& weights) {
  const at::Tensor stored = weights.get("logit_scale");
  const double logarithm = stored.numel() == 1 ? stored.to(at::kDouble).item<double>() : std::nan("");
  const double scale = std::exp(logarithm);
  if (std::isfinite(scale) && scale > 0) return scale;
  throw Error(ErrorCode::kMalformed, weights.path_of("logit_scale").string() + ": tensor 'logit_scale' is " +
                                         std::to_string(logarithm) + ", the logarithm of no scale");
}

WeightType stored_type(const Checkpoint& weights) {
  const DataType type = weights.info("visual_projection.weight").type;
  if (type == DataType::kFloat16) return WeightType::kFloat16;
  return type == DataType::kBFloat16 ? WeightType::kBFloat16 : WeightType::kFloat32;
}

std::vector<PlannedTensor> plan(const std::shared_ptr<const Checkpoint>& weights) {
  std::vector<PlannedTensor> tensors;
  for (const std::string& name : weights->names()) {
    if (name == "logit_scale" || name.ends_with(".position_ids")) continue;
    const io::TensorInfo& info = weights->info(name);
    tensors.push_back(
        {name, info.type, info.shape, [weights, name] { return weights->get(name); }, weights->path_of(name)});
  }
  return tensors;
}

std::string read_tokenizer(const fs::path& folder) {
  if (!is_there(folder / kTokenizerFile) && is_there(folder / kVocabularyFile)) {
    return clip_tokenizer(folder / kVocabularyFile, folder / kMergesFile);
  }
  return std::string(io::MappedFile::open(folder / kTokenizerFile, io::MappedFile::Access::kSequential)->text());
}

/** Ours to choose: CLIP says nothing about videos. */
void set_defaults(ModelConfig& config) {
  config.frames = kFrames;
  config.segments = kSegments;
  config.max_moments = kMoments;
  config.min_confidence = kLeastConfidence;
  config.similarity.phrasings = {"{query}", "a photo of {query}", "a video frame that shows {query}"};
  config.similarity.generic_queries = {"a photo",   "a picture",          "a video frame",  "a scene",
                                       "something", "a photo of a place", "a blurry photo", "people or things"};
}

}  // namespace

bool is_clip_release(const fs::path& folder) {
  if (!is_there(folder / kConfigFile)) return false;
  const io::JsonValue root = io::JsonValue::load(folder / kConfigFile);
  const auto type = root.is_object() ? root.find("model_type") : std::nullopt;
  return type && type->is_string() && type->as_string() == "clip" && !root.has("format_version");
}

ClipRelease open_clip_release(const fs::path& folder) {
  const io::JsonValue root = io::JsonValue::load(folder / kConfigFile);
  const auto weights = std::make_shared<const Checkpoint>(folder);
  ClipRelease release;
  ModelConfig& config = release.config;
  config.type = ModelType::kSimilarity;
  config.dtype = stored_type(*weights);
  config.spatial = read_vision(root.object("vision_config"));
  read_preprocessor(folder / kPreprocessorFile, config.spatial);
  config.similarity.text = read_text(root.object("text_config"));
  config.similarity.embedding_size = root.integer_or("projection_dim", 512, 1, kMaxSize);
  config.similarity.logit_scale = read_logit_scale(*weights);
  set_defaults(config);
  release.tokenizer = read_tokenizer(folder);
  release.tensors = plan(weights);
  return release;
}

}  // namespace gvl::model
