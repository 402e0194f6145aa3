/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gvl::evaluation {

/** Whether a path ends as videos' names do, ".mp4" say. */
bool has_video_ending(const std::filesystem::path& path);

/** What counts as a video. */
enum class VideoForm {
  kFile,
  kFileOrFrames,  ///< also a folder of numbered pictures (FrameFolder), where there is no such file
};

/**
 * A benchmark's videos below a folder, in whatever folders of their own they came. Thread safe once it is made.
 */
class VideoFolder {
 public:
  /** Walks through the folder. Throws Error(kNotFound) naming it when it is none. */
  explicit VideoFolder(std::filesystem::path folder, VideoForm form = VideoForm::kFile);

  /**
   * The file that an annotation calls `name`: of that path in the folder, with or without an ending of a video, else
   * the only one with that path's end. Throws Error(kNotFound) when there is none, or several, or when `name` leads out
   * of the folder.
   */
  std::filesystem::path find(const std::string& name) const;

 private:
  /** Paths below the folder, by their last names without ending. */
  using Paths = std::map<std::string, std::vector<std::filesystem::path>>;

  std::optional<std::filesystem::path> find_in(const Paths& paths, const std::string& name) const;

  std::filesystem::path folder_;
  Paths files_;
  Paths frames_;  // folders
};

}  // namespace gvl::evaluation
