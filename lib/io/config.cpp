/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/config.hpp"

#include "gvl/error.hpp"
#include "io/composite.hpp"
#include "io/config_parts.hpp"
#include "io/data_types.hpp"
#include "io/json.hpp"
#include "io/language_model.hpp"

namespace gvl {
namespace {

using io::check_divides;
using io::ConfigWriter;
using io::kFormatVersion;
using io::kMaxFrames;
using io::kMaxImage;
using io::kMaxLayers;
using io::kMaxPositions;
using io::kMaxVocabulary;
using io::kMaxWidth;
using io::kMostMoments;
using io::name_of_enum;
using io::Named;
using io::number_within;
using io::positive_number;
using io::read_enum;
using io::unknown_name;

constexpr const char* kArchitecture = "grounded-video-llm";

// Without `type` a model is what `architecture` says, as all were when there was one.
constexpr Named<ModelType> kTypes[] = {{ModelType::kGroundedVideoLlm, kArchitecture},
                                       {ModelType::kSimilarity, "similarity"},
                                       {ModelType::kThings, "things"},
                                       {ModelType::kComposite, "composite"}};
constexpr Named<SpatialPooling> kPoolings[] = {{SpatialPooling::kMerge2x2, "merge-2x2"},
                                               {SpatialPooling::kAdaptive8x8, "adaptive-8x8"},
                                               {SpatialPooling::kNone, "none"}};
constexpr Named<IntervalChoice> kIntervalChoices[] = {{IntervalChoice::kMostProbable, "most-probable"},
                                                      {IntervalChoice::kExpectedOverlap, "expected-overlap"}};

WeightType read_weight_type(const io::JsonValue& object, const std::string& member) {
  if (const auto type = weight_type_from_name(object.string(member))) return *type;
  throw unknown_name(object.at(member), weight_type_names());
}

std::vector<double> read_factors(const io::JsonValue& object, const std::string& member, std::int64_t count) {
  std::vector<double> factors;
  for (const io::JsonValue& element : object.array(member).elements()) {
    factors.push_back(element.as_number());
    if (!(factors.back() > 0)) throw element.error("must be above 0");
  }
  if (static_cast<std::int64_t>(factors.size()) != count) {
    throw object.at(member).error("has " + std::to_string(factors.size()) + " values, half the head size is " +
                                  std::to_string(count));
  }
  return factors;
}

LanguageModelConfig read_language(const io::JsonValue& object) {
  LanguageModelConfig language;
  language.type = object.string("type");
  if (!io::find_language_model(language.type)) throw unknown_name(object.at("type"), io::language_model_names());
  language.vocab_size = object.integer("vocab_size", 1, kMaxVocabulary);
  language.hidden_size = object.integer("hidden_size", 1, kMaxWidth);
  language.intermediate_size = object.integer("intermediate_size", 1, kMaxWidth);
  language.layers = object.integer("layers", 1, kMaxLayers);
  language.heads = object.integer("heads", 1, kMaxWidth);
  language.kv_heads = object.integer("kv_heads", 1, kMaxWidth);
  language.norm_eps = positive_number(object, "norm_eps");
  language.rope_theta = positive_number(object, "rope_theta");
  language.max_positions = object.integer("max_positions", 1, kMaxPositions);
  language.original_max_positions = object.integer_or("original_max_positions", 0, 2, kMaxPositions);
  check_divides(object, "heads", language.hidden_size, language.heads, "hidden_size");
  check_divides(object, "kv_heads", language.heads, language.kv_heads, "heads");
  if (language.head_size() % 2 != 0) throw object.at("heads").error("gives an odd head size");
  if (language.original_max_positions > 0) {
    language.rope_short_factor = read_factors(object, "rope_short_factor", language.head_size() / 2);
    language.rope_long_factor = read_factors(object, "rope_long_factor", language.head_size() / 2);
  }
  return language;
}

PromptConfig read_prompts(const io::JsonValue& object) {
  PromptConfig prompts;
  prompts.system = object.string("system");
  prompts.user = object.string("user");
  prompts.assistant = object.string("assistant");
  prompts.end = object.string("end");
  prompts.grounding = object.string("grounding");
  prompts.dense_caption = object.string("dense_caption");
  prompts.referring = object.string("referring");
  prompts.question = object.string("question");
  prompts.absent = object.string_or("absent", "");
  for (const char* member : {"grounding", "dense_caption", "referring", "question"}) {
    if (object.string(member).find("<image>") == std::string::npos) {
      throw object.at(member).error("has no <image>, the place of the video");
    }
  }
  return prompts;
}

void check_spatial(const ModelConfig& config, const io::JsonValue& root) {
  const bool detector = config.spatial.objects > 0;
  if (detector != (config.spatial_pooling == SpatialPooling::kNone)) {
    throw root.at("spatial_pooling").error("goes with patches, \"none\" with a detector's objects");
  }
  if (config.spatial_pooling == SpatialPooling::kMerge2x2 && config.spatial.grid() % 2 != 0) {
    throw root.at("spatial").error("merge-2x2 pooling needs an even number of patches a side");
  }
  if (config.temporal.objects > 0) throw root.at("temporal").at("objects").error("are for the spatial stream");
  if (config.frames_per_segment() % config.spatial.keyframes != 0) {
    throw root.at("spatial")
        .at("keyframes")
        .error("does not divide the " + std::to_string(config.frames_per_segment()) + " frames of a segment");
  }
}

void check_model(const ModelConfig& config, const io::JsonValue& root) {
  check_spatial(config, root);
  const std::int64_t video_tokens = config.segments * config.tokens_per_segment();
  if (video_tokens >= config.language.max_positions) {
    throw root.at("language_model")
        .at("max_positions")
        .error("leaves no room for a question behind the video's " + std::to_string(video_tokens) + " tokens");
  }
}

void write_language(ConfigWriter& writer, const LanguageModelConfig& language) {
  writer.begin("language_model");
  writer.add("type", language.type);
  writer.add("vocab_size", language.vocab_size);
  writer.add("hidden_size", language.hidden_size);
  writer.add("intermediate_size", language.intermediate_size);
  writer.add("layers", language.layers);
  writer.add("heads", language.heads);
  writer.add("kv_heads", language.kv_heads);
  writer.add("norm_eps", language.norm_eps);
  writer.add("rope_theta", language.rope_theta);
  writer.add("max_positions", language.max_positions);
  if (language.original_max_positions > 0) {
    writer.add("original_max_positions", language.original_max_positions);
    writer.add_all("rope_short_factor", language.rope_short_factor);
    writer.add_all("rope_long_factor", language.rope_long_factor);
  }
  writer.end();
}

void write_prompts(ConfigWriter& writer, const PromptConfig& prompts) {
  writer.begin("prompts");
  writer.add("system", prompts.system);
  writer.add("user", prompts.user);
  writer.add("assistant", prompts.assistant);
  writer.add("end", prompts.end);
  writer.add("grounding", prompts.grounding);
  writer.add("dense_caption", prompts.dense_caption);
  writer.add("referring", prompts.referring);
  writer.add("question", prompts.question);
  if (!prompts.absent.empty()) writer.add("absent", prompts.absent);
  writer.end();
}

}  // namespace

const char* name_of(WeightType type) noexcept { return io::traits_of(type).name; }

std::optional<WeightType> weight_type_from_name(std::string_view name) noexcept {
  for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
    if (name == traits.name) return traits.type;
  }
  return std::nullopt;
}

std::string weight_type_names() {
  std::string names;
  for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
    names += (names.empty() ? "" : ", ") + std::string(traits.name);
  }
  return names;
}

namespace {

ModelType read_type(const io::JsonValue& root) {
  if (root.find("type")) return read_enum(root, "type", kTypes);
  if (root.string("architecture") == kArchitecture) return ModelType::kGroundedVideoLlm;
  throw root.at("architecture").error(std::string("is not \"") + kArchitecture + "\"", ErrorCode::kUnsupported);
}

/** What each type of model has beyond what is every model's. */
struct TypeFormat {
  void (*read)(const io::JsonValue& root, ModelConfig& config);
  void (*write)(ConfigWriter& writer, const ModelConfig& config);
};

/** What a Grounded-VideoLLM has beyond what is every model's. */
void read_grounded(const io::JsonValue& root, ModelConfig& config) {
  config.spatial = io::read_vision(root.object("spatial"));
  config.spatial.keyframes = root.object("spatial").integer_or("keyframes", 1, 1, kMaxFrames);
  config.temporal = io::read_vision(root.object("temporal"));
  config.spatial_pooling = read_enum(root, "spatial_pooling", kPoolings);
  config.temporal_grid = root.integer("temporal_grid", 1, kMaxImage);
  if (root.find("interval_choice")) config.interval_choice = read_enum(root, "interval_choice", kIntervalChoices);
  config.language = read_language(root.object("language_model"));
  config.temporal_tokens = root.integer("temporal_tokens", 1, kMaxFrames);
  config.prompts = read_prompts(root.object("prompts"));
  check_model(config, root);
}

void write_grounded(ConfigWriter& writer, const ModelConfig& config) {
  io::write_vision(writer, "spatial", config.spatial);
  io::write_vision(writer, "temporal", config.temporal);
  writer.add("spatial_pooling", std::string(name_of_enum(config.spatial_pooling, kPoolings)));
  writer.add("temporal_grid", config.temporal_grid);
  if (config.interval_choice != IntervalChoice::kMostProbable) {
    writer.add("interval_choice", std::string(name_of_enum(config.interval_choice, kIntervalChoices)));
  }
  write_language(writer, config.language);
  writer.add("temporal_tokens", config.temporal_tokens);
  write_prompts(writer, config.prompts);
}

TypeFormat format_of(ModelType type) {
  switch (type) {
    case ModelType::kSimilarity:
      return {io::read_similarity, io::write_similarity};
    case ModelType::kThings:
      return {io::read_things, io::write_things};
    case ModelType::kGroundedVideoLlm:
    case ModelType::kComposite:  // has none of its own
      break;
  }
  return {read_grounded, write_grounded};
}

ModelConfig read_one(const io::JsonValue& root) {
  if (!root.is_object()) throw root.error("is not a JSON object");
  ModelConfig config;
  config.type = read_type(root);
  root.integer("format_version", kFormatVersion, kFormatVersion);
  config.dtype = read_weight_type(root, "dtype");
  config.frames = root.integer("frames", 1, kMaxFrames);
  config.segments = root.integer("segments", 1, config.frames);
  check_divides(root, "segments", config.frames, config.segments, "frames");
  config.max_moments = root.integer_or("max_moments", 1, 1, kMostMoments);
  config.min_confidence = number_within(root, "min_confidence", 0, 0, 1);
  format_of(config.type).read(root, config);
  return config;
}

}  // namespace

ModelConfig ModelConfig::load(const std::filesystem::path& file) {
  const io::JsonValue root = io::JsonValue::load(file);
  const bool composite = root.is_object() && root.has("type") && read_type(root) == ModelType::kComposite;
  if (!composite) return read_one(root);
  root.integer("format_version", kFormatVersion, kFormatVersion);
  return io::read_composite(root, file.parent_path(), read_one);
}

std::string ModelConfig::to_json() const {
  if (type == ModelType::kComposite) return io::composite_json(*this);
  ConfigWriter writer;
  writer.add(type == ModelType::kGroundedVideoLlm ? "architecture" : "type", std::string(name_of_enum(type, kTypes)));
  writer.add("format_version", kFormatVersion);
  writer.add("dtype", std::string(name_of(dtype)));
  writer.add("frames", frames);
  writer.add("segments", segments);
  if (max_moments != 1) writer.add("max_moments", max_moments);
  if (min_confidence > 0) writer.add("min_confidence", min_confidence);
  format_of(type).write(writer, *this);
  return writer.finish();
}

}  // namespace gvl
