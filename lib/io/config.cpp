/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/config.hpp"

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "io/json.hpp"
#include "io/language_model.hpp"

namespace gvl {
namespace {

constexpr std::int64_t kMaxWidth = 1 << 17;
constexpr std::int64_t kMaxLayers = 1024;
constexpr std::int64_t kMaxImage = 4096;
constexpr std::int64_t kMaxVocabulary = 1 << 24;
constexpr std::int64_t kMaxPositions = 1 << 24;
constexpr std::int64_t kMaxFrames = 1 << 16;
constexpr std::int64_t kMostMoments = 100;
constexpr std::int64_t kMostObjects = 100;
constexpr const char* kArchitecture = "grounded-video-llm";
constexpr std::int64_t kFormatVersion = 1;

template <typename Enum>
struct Named {
  Enum value;
  const char* name;
};

constexpr Named<SpatialPooling> kPoolings[] = {{SpatialPooling::kMerge2x2, "merge-2x2"},
                                               {SpatialPooling::kAdaptive8x8, "adaptive-8x8"},
                                               {SpatialPooling::kNone, "none"}};
constexpr Named<PictureFit> kFits[] = {{PictureFit::kCrop, "crop"}, {PictureFit::kPad, "pad"}};
constexpr Named<IntervalChoice> kIntervalChoices[] = {{IntervalChoice::kMostProbable, "most-probable"},
                                                      {IntervalChoice::kExpectedOverlap, "expected-overlap"}};

Error unknown_name(const io::JsonValue& value, const std::string& known) {
  return value.error("is \"" + value.as_string() + "\", known are " + known, ErrorCode::kUnsupported);
}

template <typename Enum, std::size_t n>
Enum read_enum(const io::JsonValue& object, const std::string& member, const Named<Enum> (&values)[n]) {
  const std::string name = object.string(member);
  std::string known;
  for (const auto& value : values) {
    if (name == value.name) return value.value;
    known += std::string(known.empty() ? "" : ", ") + value.name;
  }
  throw unknown_name(object.at(member), known);
}

WeightType read_weight_type(const io::JsonValue& object, const std::string& member) {
  if (const auto type = weight_type_from_name(object.string(member))) return *type;
  throw unknown_name(object.at(member), weight_type_names());
}

template <typename Enum, std::size_t n>
const char* name_of_enum(Enum value, const Named<Enum> (&values)[n]) {
  for (const auto& candidate : values) {
    if (candidate.value == value) return candidate.name;
  }
  return values[0].name;
}

double positive_number(const io::JsonValue& object, const std::string& member) {
  const double value = object.number(member);
  if (!(value > 0)) throw object.at(member).error("must be above 0");
  return value;
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

std::array<double, 3> read_channels(const io::JsonValue& object, const std::string& member) {
  const io::JsonValue array = object.array(member);
  if (array.size() != 3) throw array.error("needs 3 values, red, green and blue");
  return {array.at(0).as_number(), array.at(1).as_number(), array.at(2).as_number()};
}

void check_divides(const io::JsonValue& object, const std::string& member, std::int64_t value, std::int64_t divisor,
                   const char* of) {
  if (value % divisor != 0) {
    throw object.at(member).error(std::to_string(divisor) + " does not divide " + of + " " + std::to_string(value));
  }
}

void read_transformer(const io::JsonValue& object, VisionConfig& vision) {
  vision.patch_size = object.integer("patch_size", 1, kMaxImage);
  vision.intermediate_size = object.integer("intermediate_size", 1, kMaxWidth);
  vision.layers = object.integer("layers", 0, kMaxLayers);
  vision.heads = object.integer("heads", 1, kMaxWidth);
  vision.norm_eps = positive_number(object, "norm_eps");
  check_divides(object, "patch_size", vision.image_size, vision.patch_size, "image_size");
  check_divides(object, "heads", vision.hidden_size, vision.heads, "hidden_size");
}

VisionConfig read_vision(const io::JsonValue& object) {
  VisionConfig vision;
  vision.type = object.string_or("type", "");
  vision.image_size = object.integer("image_size", 1, kMaxImage);
  vision.hidden_size = object.integer("hidden_size", 1, kMaxWidth);
  vision.mean = read_channels(object, "mean");
  vision.std = read_channels(object, "std");
  for (const double value : vision.std) {
    if (!(value > 0)) throw object.at("std").error("must be above 0");
  }
  if (object.find("fit")) vision.fit = read_enum(object, "fit", kFits);
  vision.objects = object.integer_or("objects", 0, 1, kMostObjects);
  if (vision.objects == 0) read_transformer(object, vision);
  return vision;
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
  check_divides(root, "segments", config.frames, config.segments, "frames");
  check_spatial(config, root);
  const std::int64_t video_tokens = config.segments * config.tokens_per_segment();
  if (video_tokens >= config.language.max_positions) {
    throw root.at("language_model")
        .at("max_positions")
        .error("leaves no room for a question behind the video's " + std::to_string(video_tokens) + " tokens");
  }
}

/** Writes JSON through json-glib, which escapes and formats. */
class Writer {
 public:
  Writer() : builder_(json_builder_new()) { json_builder_begin_object(builder_); }
  ~Writer() { g_object_unref(builder_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void begin(const char* name) {
    json_builder_set_member_name(builder_, name);
    json_builder_begin_object(builder_);
  }
  void end() { json_builder_end_object(builder_); }

  void add(const char* name, const std::string& value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_string_value(builder_, value.c_str());
  }
  void add(const char* name, std::int64_t value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_int_value(builder_, value);
  }
  void add(const char* name, double value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_double_value(builder_, value);
  }
  template <typename Range>
  void add_all(const char* name, const Range& values) {
    json_builder_set_member_name(builder_, name);
    json_builder_begin_array(builder_);
    for (const double value : values) json_builder_add_double_value(builder_, value);
    json_builder_end_array(builder_);
  }

  std::string finish() {
    json_builder_end_object(builder_);
    return io::json_text(builder_);
  }

 private:
  JsonBuilder* builder_;
};

void write_vision(Writer& writer, const char* name, const VisionConfig& vision) {
  writer.begin(name);
  if (!vision.type.empty()) writer.add("type", vision.type);
  writer.add("image_size", vision.image_size);
  if (vision.fit != PictureFit::kCrop) writer.add("fit", std::string(name_of_enum(vision.fit, kFits)));
  if (vision.keyframes != 1) writer.add("keyframes", vision.keyframes);
  if (vision.objects > 0) {
    writer.add("objects", vision.objects);
    writer.add("hidden_size", vision.hidden_size);
  } else {
    writer.add("patch_size", vision.patch_size);
    writer.add("hidden_size", vision.hidden_size);
    writer.add("intermediate_size", vision.intermediate_size);
    writer.add("layers", vision.layers);
    writer.add("heads", vision.heads);
    writer.add("norm_eps", vision.norm_eps);
  }
  writer.add_all("mean", vision.mean);
  writer.add_all("std", vision.std);
  writer.end();
}

void write_language(Writer& writer, const LanguageModelConfig& language) {
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

void write_prompts(Writer& writer, const PromptConfig& prompts) {
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

std::int64_t ModelConfig::spatial_tokens() const noexcept {
  const auto of_a_keyframe = [&] {
    switch (spatial_pooling) {
      case SpatialPooling::kMerge2x2:
        return spatial.tokens() / 4;
      case SpatialPooling::kAdaptive8x8:
        return std::int64_t{64};
      case SpatialPooling::kNone:
        break;
    }
    return spatial.tokens();
  };
  return spatial.keyframes * of_a_keyframe();
}

std::int64_t ModelConfig::spatial_width() const noexcept {
  return spatial_pooling == SpatialPooling::kMerge2x2 ? 4 * spatial.hidden_size : spatial.hidden_size;
}

std::int64_t ModelConfig::temporal_tokens_per_segment() const noexcept {
  return frames_per_segment() * temporal_grid * temporal_grid;
}

std::int64_t ModelConfig::tokens_per_segment() const noexcept {
  const std::int64_t row_ends =
      spatial_pooling == SpatialPooling::kMerge2x2 ? spatial.keyframes * (spatial.grid() / 2) : 0;
  return spatial_tokens() + row_ends + temporal_tokens_per_segment() + 1;
}

ModelConfig ModelConfig::load(const std::filesystem::path& file) {
  const io::JsonValue root = io::JsonValue::load(file);
  if (!root.is_object()) throw root.error("is not a JSON object");
  if (root.string("architecture") != kArchitecture) {
    throw root.at("architecture").error(std::string("is not \"") + kArchitecture + "\"", ErrorCode::kUnsupported);
  }
  root.integer("format_version", kFormatVersion, kFormatVersion);

  ModelConfig config;
  config.dtype = read_weight_type(root, "dtype");
  config.frames = root.integer("frames", 1, kMaxFrames);
  config.segments = root.integer("segments", 1, config.frames);
  config.spatial = read_vision(root.object("spatial"));
  config.spatial.keyframes = root.object("spatial").integer_or("keyframes", 1, 1, kMaxFrames);
  config.temporal = read_vision(root.object("temporal"));
  config.spatial_pooling = read_enum(root, "spatial_pooling", kPoolings);
  config.temporal_grid = root.integer("temporal_grid", 1, kMaxImage);
  config.max_moments = root.integer_or("max_moments", 1, 1, kMostMoments);
  config.min_confidence = root.number_or("min_confidence", 0);
  if (!(config.min_confidence >= 0 && config.min_confidence <= 1)) {
    throw root.at("min_confidence").error("must be within 0 and 1");
  }
  if (root.find("interval_choice")) config.interval_choice = read_enum(root, "interval_choice", kIntervalChoices);
  config.language = read_language(root.object("language_model"));
  config.temporal_tokens = root.integer("temporal_tokens", 1, kMaxFrames);
  config.prompts = read_prompts(root.object("prompts"));
  check_model(config, root);
  return config;
}

std::string ModelConfig::to_json() const {
  Writer writer;
  writer.add("architecture", std::string(kArchitecture));
  writer.add("format_version", kFormatVersion);
  writer.add("dtype", std::string(name_of(dtype)));
  writer.add("frames", frames);
  writer.add("segments", segments);
  write_vision(writer, "spatial", spatial);
  write_vision(writer, "temporal", temporal);
  writer.add("spatial_pooling", std::string(name_of_enum(spatial_pooling, kPoolings)));
  writer.add("temporal_grid", temporal_grid);
  if (max_moments != 1) writer.add("max_moments", max_moments);
  if (min_confidence > 0) writer.add("min_confidence", min_confidence);
  if (interval_choice != IntervalChoice::kMostProbable) {
    writer.add("interval_choice", std::string(name_of_enum(interval_choice, kIntervalChoices)));
  }
  write_language(writer, language);
  writer.add("temporal_tokens", temporal_tokens);
  write_prompts(writer, prompts);
  return writer.finish();
}

}  // namespace gvl
