/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gvl::evaluation {

/** Whether a path ends as videos' names do, ".mp4" say. */
bool has_video_ending(const std::filesystem::path& path);

/**
 * A benchmark's videos below a folder, in whatever folders of their own they came. Thread safe once it is made.
 */
class VideoFolder {
 public:
  /** Walks through the folder. Throws Error(kNotFound) naming it when it is none. */
  explicit VideoFolder(std::filesystem::path folder);

  /**
   * The file that an annotation calls `name`: of that path in the folder, with or without an ending of a video, else
   * the only one with that path's end. Throws Error(kNotFound) when there is none, or several, or when `name` leads out
   * of the folder.
   */
  std::filesystem::path find(const std::string& name) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::vector<std::filesystem::path>> by_stem_;  // of the names, without ending
};

}  // namespace gvl::evaluation
