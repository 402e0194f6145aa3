/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>

#include "io/config_parts.hpp"

namespace gvl::io {
namespace {

/** Members that are missing have their defaults. */
ThingSearchConfig read_search(const JsonValue& object, std::int64_t samples) {
  constexpr double kLongestChange = 60, kMostGain = 100;
  object.allow_members({"smoothing", "part", "gap", "change", "without_colour", "colour_gain"});
  ThingSearchConfig search;
  search.smoothing = object.integer_or("smoothing", search.smoothing, 1, samples);
  if (search.smoothing % 2 == 0) throw object.at("smoothing").error("must be odd");
  search.part = number_within(object, "part", search.part, 0, 1);
  search.gap = object.integer_or("gap", search.gap, 0, samples);
  search.change = number_within(object, "change", search.change, 0, kLongestChange);
  search.without_colour = number_within(object, "without_colour", search.without_colour, 0, 1);
  search.colour_gain = number_within(object, "colour_gain", search.colour_gain, 1, kMostGain);
  return search;
}

}  // namespace

void read_things(const JsonValue& root, ModelConfig& config) {
  check_samples(root, config);
  config.spatial = read_vision(root.object("spatial"));
  if (config.spatial.objects == 0) throw root.at("spatial").error("needs \"objects\": a detector tells them");
  config.spatial.keyframes = config.frames_per_segment();
  config.spatial_pooling = SpatialPooling::kNone;
  config.temporal = pictures_of(config.spatial);
  config.temporal_tokens = config.frames;
  if (const auto search = root.find("search")) config.things = read_search(*search, config.frames);
}

void write_things(ConfigWriter& writer, const ModelConfig& config) {
  VisionConfig spatial = config.spatial;
  spatial.keyframes = 1;  // it is every sample
  write_vision(writer, "spatial", spatial);
  const ThingSearchConfig& search = config.things;
  writer.begin("search");
  writer.add("smoothing", search.smoothing);
  writer.add("part", search.part);
  writer.add("gap", search.gap);
  writer.add("change", search.change);
  writer.add("without_colour", search.without_colour);
  writer.add("colour_gain", search.colour_gain);
  writer.end();
}

}  // namespace gvl::io
