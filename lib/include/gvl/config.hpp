/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/export.hpp"
#include "gvl/task.hpp"
#include "gvl/tensor.hpp"

namespace gvl {

/** How a frame becomes a square picture. */
enum class PictureFit {
  kCrop,  ///< its middle (resize_and_crop)
  kPad,   ///< the whole of it, with grey beside it (resize_and_pad)
};

/** What a transformer block's MLP has between its two linear maps. */
enum class Activation {
  kQuickGelu,  ///< x sigmoid(1.702 x), of CLIP as published
  kGelu,       ///< with the error function
};

/** Sizes and preprocessing of one vision encoder: a transformer, or a detector (`objects` > 0). */
struct VisionConfig {
  std::int64_t image_size = 0;  ///< S: what is seen of a frame is S x S
  // Of a transformer.
  std::int64_t patch_size = 0;
  std::int64_t hidden_size = 0;  ///< features of a patch, or of a detector's object
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;  ///< transformer blocks that are run (the release's depth less the unused last one)
  std::int64_t heads = 0;
  double norm_eps = 0;
  std::array<double, 3> mean{};  ///< per RGB channel, of pixel values in 0-1
  std::array<double, 3> std{};
  std::string type;  ///< which network (lib/vision); empty for the paper's: "clip" and "internvideo2"
  PictureFit fit = PictureFit::kCrop;
  std::int64_t keyframes = 1;  ///< of the spatial stream: frames of a segment that it sees, evenly spread
  std::int64_t objects = 0;    ///< of a detector: things that are told of each picture, besides the whole of it
  Activation activation = Activation::kQuickGelu;  ///< of CLIP's blocks

  std::int64_t grid() const noexcept { return patch_size > 0 ? image_size / patch_size : 0; }  ///< patches along a side
  /** Rows of features that a frame gives. */
  std::int64_t tokens() const noexcept { return objects > 0 ? objects + 1 : grid() * grid(); }
};

/** What a model's weights are stored as. */
enum class WeightType : std::uint8_t {
  kFloat16,
  kBFloat16,
  kFloat32,
  kInt8,  ///< matrices are integers with a scale for each block of a row; vectors stay numbers
  kInt4,  ///< the same of the language model's blocks, two to a byte; other matrices are as in kInt8
};

/** "float32", "bfloat16", ...: as written in config.json, in messages and on command lines. */
GVL_EXPORT const char* name_of(WeightType type) noexcept;

/** The type of this name. None for another name. */
GVL_EXPORT std::optional<WeightType> weight_type_from_name(std::string_view name) noexcept;

/** All their names, for messages and help: "float16, bfloat16, float32, int8, int4". */
GVL_EXPORT std::string weight_type_names();

/** How what the spatial stream's encoder gives of a keyframe becomes fewer vectors. */
enum class SpatialPooling {
  kMerge2x2,     ///< Phi: 2 x 2 patches concatenated, a learned vector (sub_GN) after each row
  kAdaptive8x8,  ///< LLaMA: adaptive average pooling to 8 x 8
  kNone,         ///< all that the encoder gives; of a detector
};

struct LanguageModelConfig {
  std::string type =
      "phi3";  ///< the family whose checkpoint, prompts and training this is, by its name ("phi3", "llama", ...)
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  double norm_eps = 1e-5;
  double rope_theta = 10000.0;
  std::int64_t max_positions = 0;           ///< longest sequence, prompt and answer together
  std::int64_t original_max_positions = 0;  ///< LongRoPE: up to here the short factors hold; 0 without LongRoPE
  std::vector<double> rope_short_factor;    ///< head_size / 2 values, or none
  std::vector<double> rope_long_factor;

  std::int64_t head_size() const noexcept { return hidden_size / heads; }
};

/**
 * What a prompt is made of: the very words that the weights were trained with. `{query}`, `{start}` and `{stop}` are
 * replaced; `<image>` marks the place of the video tokens.
 */
struct PromptConfig {
  std::string system;     ///< system turn, complete
  std::string user;       ///< what opens a user turn
  std::string assistant;  ///< what opens the answer turn
  std::string end;        ///< the token that ends an answer
  std::string grounding;
  std::string dense_caption;
  std::string referring;
  std::string question;
  /** What a model answers that was trained to say that something does not happen; empty for others. */
  std::string absent;
};

/** Which interval an answer names. */
enum class IntervalChoice {
  kMostProbable,     ///< the two tokens as they are generated, as the published model answers
  kExpectedOverlap,  ///< those whose overlap (IoU) with the truth is the greatest to be expected from both
                     ///< distributions
};

/** What a model is: who answers. */
enum class ModelType {
  kGroundedVideoLlm,  ///< a language model that reads the video (arXiv 2410.03290)
  kSimilarity,        ///< an image and a text encoder with one space, and a search for spans
  kThings,            ///< a detector, a table of words for what it knows, and a search for when that is there
  kComposite,         ///< a Grounded-VideoLLM and a model of things: each query goes to the one that knows its words
};

/** The text encoder of a similarity model (CLIP, Radford et al. 2021). */
struct TextEncoderConfig {
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;  ///< longest text in tokens, its start and end included
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  double norm_eps = 1e-5;
  Activation activation = Activation::kQuickGelu;
};

/**
 * How spans are searched for in the similarities of a window's samples to a query. What each is for, and where it comes
 * from, says timeline/span_search.hpp.
 */
struct SpanSearchConfig {
  double smoothing = 1;           ///< standard deviation of the Gaussian, in samples; 0: none
  std::int64_t shortest = 2;      ///< samples of the shortest span, and of what is around one
  double rise_weight = 0.25;      ///< of the rise at a span's start
  std::int64_t rise_samples = 4;  ///< before and behind the start that the rise is measured over
  std::int64_t separation = 2;    ///< samples between two spans
  double noise_margin = 1.25;     ///< that a score is above what noise alone reaches, to be as likely as not
  double steepness = 1.5;         ///< how fast the confidence grows with the score
};

/** What a similarity model has instead of a temporal stream and a language model. */
struct SimilarityConfig {
  TextEncoderConfig text;
  std::int64_t embedding_size = 0;  ///< E, of pictures and texts
  double logit_scale = 100;         ///< what similarities are multiplied with before a softmax, as it was trained
  /** How a query is put, `{query}` being it: the mean of all their embeddings is compared. At least one. */
  std::vector<std::string> phrasings;
  /** Texts that fit any picture: what is like a query only as far as it is like these, does not show it. */
  std::vector<std::string> generic_queries;
  SpanSearchConfig search;
};

/** How a model of things searches. What each is for says timeline/presence_search.hpp, of colours
 * model/thing_scores.hpp. */
struct ThingSearchConfig {
  std::int64_t smoothing = 3;   ///< samples that a score is averaged over, odd
  double part = 0.4;            ///< of a window's highest score that counts as being there, 0-1
  std::int64_t gap = 1;         ///< samples in which it may be missed
  double change = 1.5;          ///< seconds that coming and going take
  double without_colour = 0.7;  ///< what is left of a score where the colour is another one, 0-1
  double colour_gain = 4;       ///< a box counts fully from 1 / colour_gain of it in the colour on
};

/** config.json of a model folder, checked: every size is positive, within sane limits and consistent. */
struct GVL_EXPORT ModelConfig {
  ModelType type = ModelType::kGroundedVideoLlm;
  WeightType dtype = WeightType::kFloat32;  ///< of the weights in model.safetensors
  std::int64_t frames = 96;                 ///< T: sampled frames per window
  std::int64_t segments = 12;               ///< K
  VisionConfig spatial;                     ///< CLIP, or a detector
  VisionConfig temporal;                    ///< InternVideo2
  SpatialPooling spatial_pooling = SpatialPooling::kMerge2x2;
  std::int64_t temporal_grid = 4;  ///< each frame's patches are average-pooled to temporal_grid^2
  LanguageModelConfig language;
  std::int64_t temporal_tokens = 300;  ///< M: tokens <0> ... <M>
  IntervalChoice interval_choice = IntervalChoice::kMostProbable;
  std::int64_t max_moments = 1;  ///< of one answer to a grounding query, as measured; at least 1
  double min_confidence = 0;     ///< of intervals that are worth telling, as measured; 0-1
  PromptConfig prompts;
  /**
   * Of a similarity model, which has no `language` and no `prompts`: its spatial stream embeds every sample, its
   * temporal one sees the same pictures and tells nothing, and temporal_tokens are its samples.
   */
  SimilarityConfig similarity;
  /** Of a model of things, which has none of these either: its tokens are what its detector tells of every sample. */
  ThingSearchConfig things;
  /**
   * Of a composite: its Grounded-VideoLLM, then its model of things, and the names of their folders beside its own. All
   * else is the first one's, but for what the spatial stream sees, which is the second one's; min_confidence is its
   * own.
   */
  std::vector<ModelConfig> members;
  std::vector<std::string> member_names;

  /** Whether it can be asked for that: a search finds moments, and has no words. */
  bool answers(Task task) const noexcept { return generates() || task == Task::kGrounding; }
  /** Whether a language model, its own or a member's, writes its answers. */
  bool generates() const noexcept { return type == ModelType::kGroundedVideoLlm || type == ModelType::kComposite; }

  std::int64_t frames_per_segment() const noexcept { return frames / segments; }
  /** Spatial features per segment as encoded, [P, D]: P = rows of gvl/spatial-features, D its columns. */
  std::int64_t spatial_tokens() const noexcept;
  std::int64_t spatial_width() const noexcept;
  /**
   * Temporal features per segment, [n * temporal_grid^2, temporal.hidden_size]; of a search [1, 1]; of a composite the
   * tokens of its Grounded-VideoLLM.
   */
  std::int64_t temporal_tokens_per_segment() const noexcept;
  std::int64_t temporal_width() const noexcept;
  /**
   * L: what fusion gives per segment (spatial with row ends, temporal, one newline); embeddings of its samples; the
   * tokens of both members.
   */
  std::int64_t tokens_per_segment() const noexcept;
  /** H, the width of these tokens: the language model's, that of embeddings, or the greater one of the members'. */
  std::int64_t token_width() const noexcept;

  /** Reads and checks a config.json. Throws Error naming the file and the member at fault. */
  static ModelConfig load(const std::filesystem::path& file);
  /** The same as JSON text, for gvl-convert. load() of what this writes gives an equal configuration. */
  std::string to_json() const;
};

}  // namespace gvl
