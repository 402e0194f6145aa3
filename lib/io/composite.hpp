/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "gvl/config.hpp"
#include "io/json.hpp"

namespace gvl::io {

/** The folder of a composite's member, beside the composite's own. */
inline std::filesystem::path member_folder(const std::filesystem::path& folder, const std::string& name) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::canonical(folder, error);
  return (error ? folder : place).parent_path() / name;
}

/** Reads the config.json of a model that has no members. */
using ReadConfig = ModelConfig (*)(const JsonValue& root);

/**
 * What a config.json of the type "composite" in the folder `folder` says, and those of its members, whose streams it
 * joins: the spatial one is the model of things', the temporal one the Grounded-VideoLLM's, whose keyframes are some of
 * its temporal frames. Throws Error naming file and member.
 */
ModelConfig read_composite(const JsonValue& root, const std::filesystem::path& folder, ReadConfig read);

/** What read_composite() reads, but for what the members say. */
std::string composite_json(const ModelConfig& config);

}  // namespace gvl::io
