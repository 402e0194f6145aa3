/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/official_config.hpp"

#include "gvl/error.hpp"
#include "io/json.hpp"
#include "model/release_files.hpp"
#include "text/prompt.hpp"

namespace gvl::model {
namespace {

constexpr std::int64_t kMaxSize = 1 << 17;

// The two-stream encoding of arXiv 2410.03290, with the numbers of its released models.
OfficialSizes release_sizes() {
  OfficialSizes sizes;
  sizes.config.frames = 96;
  sizes.config.segments = 12;
  sizes.config.temporal_tokens = 300;
  sizes.config.temporal_grid = 4;
  sizes.config.spatial = {.image_size = 336,
                          .patch_size = 14,
                          .hidden_size = 1024,
                          .intermediate_size = 4096,
                          .layers = 23,
                          .heads = 16,
                          .norm_eps = 1e-5,
                          .mean = {0.48145466, 0.4578275, 0.40821073},
                          .std = {0.26862954, 0.26130258, 0.27577711}};
  sizes.config.temporal = {.image_size = 224,
                           .patch_size = 14,
                           .hidden_size = 1408,
                           .intermediate_size = 6144,
                           .layers = 39,
                           .heads = 16,
                           .norm_eps = 1e-6,
                           .mean = {0.485, 0.456, 0.406},
                           .std = {0.229, 0.224, 0.225}};
  sizes.spatial_depth = 24;
  sizes.temporal_depth = 40;
  sizes.pretrained_num_frames = 4;
  sizes.lora_rank = 128;
  sizes.lora_scale = 2;
  return sizes;
}

void read_clip(const io::JsonValue& clip, OfficialSizes& sizes) {
  VisionConfig& spatial = sizes.config.spatial;
  spatial.image_size = clip.integer_or("image_size", spatial.image_size, 1, kMaxSize);
  spatial.patch_size = clip.integer_or("patch_size", spatial.patch_size, 1, kMaxSize);
  spatial.hidden_size = clip.integer_or("hidden_size", spatial.hidden_size, 1, kMaxSize);
  spatial.intermediate_size = clip.integer_or("intermediate_size", spatial.intermediate_size, 1, kMaxSize);
  spatial.heads = clip.integer_or("num_attention_heads", spatial.heads, 1, kMaxSize);
  sizes.spatial_depth = clip.integer_or("num_hidden_layers", sizes.spatial_depth, 1, kMaxSize);
}

void read_internvideo(const io::JsonValue& internvideo, OfficialSizes& sizes) {
  VisionConfig& temporal = sizes.config.temporal;
  temporal.image_size = internvideo.integer_or("image_size", temporal.image_size, 1, kMaxSize);
  temporal.patch_size = internvideo.integer_or("patch_size", temporal.patch_size, 1, kMaxSize);
  temporal.hidden_size = internvideo.integer_or("embed_dim", temporal.hidden_size, 1, kMaxSize);
  temporal.heads = internvideo.integer_or("num_heads", temporal.heads, 1, kMaxSize);
  sizes.temporal_depth = internvideo.integer_or("depth", sizes.temporal_depth, 1, kMaxSize);
  sizes.pretrained_num_frames =
      internvideo.integer_or("pretrained_num_frames", sizes.pretrained_num_frames, 1, kMaxSize);
  const double ratio = internvideo.number_or("mlp_ratio", 48.0 / 11.0);
  if (!(ratio > 0 && ratio < 64)) throw internvideo.at("mlp_ratio").error("must be above 0 and below 64");
  temporal.intermediate_size = static_cast<std::int64_t>(static_cast<double>(temporal.hidden_size) * ratio);
}

void read_lora(const io::JsonValue& lora, OfficialSizes& sizes) {
  const double alpha = lora.number_or("alpha", sizes.lora_scale * static_cast<double>(sizes.lora_rank));
  sizes.lora_rank = lora.integer_or("r", sizes.lora_rank, 1, kMaxSize);
  sizes.lora_scale = alpha / static_cast<double>(sizes.lora_rank);
}

void read_long_rope(const io::JsonValue& root, const io::LanguageModel& model, LanguageModelConfig& language) {
  const auto scaling = root.find("rope_scaling");
  if (!scaling) return;
  // "su" is what LongRoPE was called when Phi-3 came out.
  const std::string type = scaling->string_or("type", scaling->string_or("rope_type", ""));
  if (!model.long_rope || (type != "longrope" && type != "su")) {
    throw scaling->error("is \"" + type + "\", known is longrope, of models that are made for it",
                         ErrorCode::kUnsupported);
  }
  const auto factors = [&](const char* name) {
    std::vector<double> values;
    for (const io::JsonValue& value : scaling->array(name).elements()) values.push_back(value.as_number());
    return values;
  };
  language.original_max_positions = root.integer("original_max_position_embeddings", 2, language.max_positions);
  language.rope_short_factor = factors("short_factor");
  language.rope_long_factor = factors("long_factor");
}

void check_known(const io::JsonValue& root, const std::string& member, const std::string& expected) {
  if (root.string(member) != expected) {
    throw root.at(member).error("is \"" + root.string(member) + "\", known is \"" + expected + "\"",
                                ErrorCode::kUnsupported);
  }
}

}  // namespace

OfficialSizes read_official_sizes(const std::filesystem::path& folder, const io::LanguageModel& model) {
  OfficialSizes sizes = release_sizes();
  if (std::error_code ignored; std::filesystem::exists(folder / kReleaseConfig, ignored)) {
    const io::JsonValue root = io::JsonValue::load(folder / kReleaseConfig);
    sizes.config.frames = root.integer_or("num_frames", sizes.config.frames, 1, kMaxSize);
    sizes.config.segments = root.integer_or("num_segs", sizes.config.segments, 1, sizes.config.frames);
    sizes.config.temporal_tokens = root.integer_or("num_temporal_tokens", sizes.config.temporal_tokens, 1, kMaxSize);
    if (const auto clip = root.find("clip")) read_clip(*clip, sizes);
    if (const auto internvideo = root.find("internvideo")) read_internvideo(*internvideo, sizes);
    if (const auto lora = root.find("lora")) read_lora(*lora, sizes);
  }
  sizes.config.spatial.layers = sizes.spatial_depth - 1;
  sizes.config.temporal.layers = sizes.temporal_depth - 1;
  sizes.config.spatial_pooling = model.spatial_pooling;
  sizes.config.prompts = text::default_prompts(model);
  return sizes;
}

LanguageModelConfig read_language_config(const std::filesystem::path& file, const io::LanguageModel& model,
                                         std::int64_t vocab_size) {
  const io::JsonValue root = io::JsonValue::load(file);
  check_known(root, "model_type", std::string(model.name));
  check_known(root, "hidden_act", "silu");
  LanguageModelConfig language;
  language.type = model.name;
  language.vocab_size = vocab_size;
  language.hidden_size = root.integer("hidden_size", 1, kMaxSize);
  language.intermediate_size = root.integer("intermediate_size", 1, kMaxSize);
  language.layers = root.integer("num_hidden_layers", 1, kMaxSize);
  language.heads = root.integer("num_attention_heads", 1, kMaxSize);
  language.kv_heads = root.integer_or("num_key_value_heads", language.heads, 1, language.heads);
  language.norm_eps = root.number("rms_norm_eps");
  language.rope_theta = root.number_or("rope_theta", 10000.0);
  language.max_positions = root.integer("max_position_embeddings", 1);
  if (language.hidden_size % language.heads != 0) {
    throw root.at("num_attention_heads").error("does not divide hidden_size");
  }
  read_long_rope(root, model, language);
  return language;
}

}  // namespace gvl::model
