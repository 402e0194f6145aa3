/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/composite.hpp"

#include <system_error>
#include <vector>

#include "io/config_parts.hpp"

namespace gvl::io {
namespace {

namespace fs = std::filesystem;

struct NeededMember {
  ModelType type;
  const char* described;
};

constexpr NeededMember kNeeded[] = {{ModelType::kGroundedVideoLlm, "a Grounded-VideoLLM"},
                                    {ModelType::kThings, "a model of things"}};

bool is_folder_name(const std::string& name) {
  return !name.empty() && fs::path(name).filename() == name && name != "." && name != "..";
}

ModelConfig read_member(const JsonValue& name, const fs::path& folder, const NeededMember& needed, ReadConfig read) {
  if (!is_folder_name(name.as_string())) throw name.error("is not the name of a folder beside this one");
  const fs::path file = member_folder(folder, name.as_string()) / "config.json";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) throw name.error("there is no " + file.string(), ErrorCode::kNotFound);
  const JsonValue root = JsonValue::load(file);
  // A composite could name itself.
  const bool composite = root.is_object() && root.string_or("type", "") == "composite";
  ModelConfig config = composite ? ModelConfig{.type = ModelType::kComposite} : read(root);
  if (config.type != needed.type) throw name.error(std::string("is not ") + needed.described);
  return config;
}

/** Both see one sequence of frames, in segments that are the same. */
void check_frames(const JsonValue& names, const ModelConfig& language, const ModelConfig& things) {
  if (language.segments != things.segments) {
    throw names.error("have " + std::to_string(language.segments) + " and " + std::to_string(things.segments) +
                      " segments, and need as many as each other");
  }
  const std::int64_t frames = language.frames_per_segment(), seen = things.frames_per_segment();
  if (frames % seen != 0) {
    throw names.error("have " + std::to_string(frames) + " and " + std::to_string(seen) +
                      " frames a segment, where the second has to divide the first");
  }
}

/** The Grounded-VideoLLM's keyframes are pictures that its temporal stream sees. */
void check_pictures(const JsonValue& name, const ModelConfig& language) {
  const VisionConfig &spatial = language.spatial, &temporal = language.temporal;
  if (spatial.image_size == temporal.image_size && spatial.fit == temporal.fit) return;
  throw name.error("sees other pictures in its spatial stream than in its temporal one", ErrorCode::kUnsupported);
}

}  // namespace

ModelConfig read_composite(const JsonValue& root, const fs::path& folder, ReadConfig read) {
  root.allow_members({"type", "format_version", "min_confidence", "members"});
  const JsonValue names = root.array("members");
  if (names.size() != std::size(kNeeded)) {
    throw names.error("needs two: " + std::string(kNeeded[0].described) + ", then " + kNeeded[1].described);
  }
  std::vector<ModelConfig> members;
  std::vector<std::string> member_names;
  for (std::size_t i = 0; i < std::size(kNeeded); ++i) {
    members.push_back(read_member(names.at(i), folder, kNeeded[i], read));
    member_names.push_back(names.at(i).as_string());
  }
  check_frames(names, members[0], members[1]);
  check_pictures(names.at(0), members[0]);
  ModelConfig config = members[0];
  config.type = ModelType::kComposite;
  config.spatial = members[1].spatial;
  config.spatial_pooling = SpatialPooling::kNone;
  config.min_confidence = number_within(root, "min_confidence", 0, 0, 1);
  config.members = std::move(members);
  config.member_names = std::move(member_names);
  return config;
}

std::string composite_json(const ModelConfig& config) {
  ConfigWriter writer;
  writer.add("type", std::string("composite"));
  writer.add("format_version", kFormatVersion);
  if (config.min_confidence > 0) writer.add("min_confidence", config.min_confidence);
  writer.add_all("members", config.member_names);
  return writer.finish();
}

}  // namespace gvl::io
