/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>
#include <vector>

#include "io/config_parts.hpp"

namespace gvl::io {
namespace {

// A search looks at every span of a window.
constexpr std::int64_t kMostSamples = 2048;
constexpr std::size_t kMostTexts = 256;
constexpr double kGreatest = 1000;
constexpr const char* kPlace = "{query}";

TextEncoderConfig read_text_encoder(const JsonValue& object) {
  TextEncoderConfig text;
  text.vocab_size = object.integer("vocab_size", 1, kMaxVocabulary);
  text.max_positions = object.integer("max_positions", 3, kMaxPositions);
  text.hidden_size = object.integer("hidden_size", 1, kMaxWidth);
  text.intermediate_size = object.integer("intermediate_size", 1, kMaxWidth);
  text.layers = object.integer("layers", 1, kMaxLayers);
  text.heads = object.integer("heads", 1, kMaxWidth);
  text.norm_eps = positive_number(object, "norm_eps");
  if (object.find("activation")) text.activation = read_enum(object, "activation", kActivations);
  check_divides(object, "heads", text.hidden_size, text.heads, "hidden_size");
  return text;
}

void write_text_encoder(ConfigWriter& writer, const TextEncoderConfig& text) {
  writer.begin("text");
  writer.add("vocab_size", text.vocab_size);
  writer.add("max_positions", text.max_positions);
  writer.add("hidden_size", text.hidden_size);
  writer.add("intermediate_size", text.intermediate_size);
  writer.add("layers", text.layers);
  writer.add("heads", text.heads);
  writer.add("norm_eps", text.norm_eps);
  writer.add("activation", std::string(name_of_enum(text.activation, kActivations)));
  writer.end();
}

std::vector<std::string> read_texts(const JsonValue& root, const char* member) {
  std::vector<std::string> texts;
  const JsonValue array = root.array(member);
  if (array.size() > kMostTexts) throw array.error("has more than " + std::to_string(kMostTexts) + " texts");
  for (const JsonValue& text : array.elements()) {
    texts.push_back(text.as_string());
    if (texts.back().empty()) throw text.error("is empty");
  }
  return texts;
}

std::vector<std::string> read_phrasings(const JsonValue& root) {
  std::vector<std::string> phrasings = read_texts(root, "phrasings");
  if (phrasings.empty()) throw root.at("phrasings").error("needs one phrasing at least, \"{query}\" for example");
  const std::vector<JsonValue> elements = root.array("phrasings").elements();
  for (std::size_t i = 0; i < phrasings.size(); ++i) {
    if (phrasings[i].find(kPlace) == std::string::npos) throw elements[i].error("has no {query}");
  }
  return phrasings;
}

/** Members that are missing have their defaults. */
SpanSearchConfig read_search(const JsonValue& object, std::int64_t samples) {
  object.allow_members(
      {"smoothing", "shortest", "rise_weight", "rise_samples", "separation", "noise_margin", "steepness"});
  SpanSearchConfig search;
  search.smoothing = number_within(object, "smoothing", search.smoothing, 0, kGreatest);
  search.shortest = object.integer_or("shortest", search.shortest, 1, samples / 2);
  search.rise_weight = number_within(object, "rise_weight", search.rise_weight, 0, kGreatest);
  search.rise_samples = object.integer_or("rise_samples", search.rise_samples, 1, samples);
  search.separation = object.integer_or("separation", search.separation, 0, samples);
  search.noise_margin = number_within(object, "noise_margin", search.noise_margin, -kGreatest, kGreatest);
  search.steepness = number_within(object, "steepness", search.steepness, 0, kGreatest);
  return search;
}

void write_search(ConfigWriter& writer, const SpanSearchConfig& search) {
  writer.begin("search");
  writer.add("smoothing", search.smoothing);
  writer.add("shortest", search.shortest);
  writer.add("rise_weight", search.rise_weight);
  writer.add("rise_samples", search.rise_samples);
  writer.add("separation", search.separation);
  writer.add("noise_margin", search.noise_margin);
  writer.add("steepness", search.steepness);
  writer.end();
}

}  // namespace

VisionConfig pictures_of(const VisionConfig& spatial) {
  VisionConfig temporal;
  temporal.image_size = spatial.image_size;
  temporal.fit = spatial.fit;
  temporal.mean = spatial.mean;
  temporal.std = spatial.std;
  temporal.hidden_size = 1;
  return temporal;
}

void check_samples(const JsonValue& root, const ModelConfig& config) {
  if (config.frames >= 4 && config.frames <= kMostSamples) return;
  throw root.at("frames").error("must be within 4 and " + std::to_string(kMostSamples) + " for a search");
}

void read_similarity(const JsonValue& root, ModelConfig& config) {
  check_samples(root, config);
  config.spatial = read_vision(root.object("spatial"));
  if (config.spatial.objects > 0) throw root.at("spatial").at("objects").error("are no pictures to compare with texts");
  config.spatial.keyframes = config.frames_per_segment();
  config.temporal = pictures_of(config.spatial);
  config.temporal_tokens = config.frames;
  SimilarityConfig& similarity = config.similarity;
  similarity.text = read_text_encoder(root.object("text"));
  similarity.embedding_size = root.integer("embedding_size", 1, kMaxWidth);
  similarity.logit_scale = positive_number(root, "logit_scale");
  similarity.phrasings = read_phrasings(root);
  similarity.generic_queries = read_texts(root, "generic_queries");
  if (const auto search = root.find("search")) similarity.search = read_search(*search, config.frames);
}

void write_similarity(ConfigWriter& writer, const ModelConfig& config) {
  VisionConfig spatial = config.spatial;
  spatial.keyframes = 1;  // it is every sample
  write_vision(writer, "spatial", spatial);
  const SimilarityConfig& similarity = config.similarity;
  write_text_encoder(writer, similarity.text);
  writer.add("embedding_size", similarity.embedding_size);
  writer.add("logit_scale", similarity.logit_scale);
  writer.add_all("phrasings", similarity.phrasings);
  writer.add_all("generic_queries", similarity.generic_queries);
  write_search(writer, similarity.search);
}

}  // namespace gvl::io
