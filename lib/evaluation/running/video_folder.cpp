/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/video_folder.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "evaluation/running/frame_folder.hpp"
#include "gvl/error.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> kEndings{".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".mpg", ".flv"};

/** A video's path without its ending; "v_1.5" has none. */
fs::path without_ending(const fs::path& path) {
  return has_video_ending(path) ? path.parent_path() / path.stem() : path;
}

/** Whether the last parts of a path are those of another. */
bool ends_with(const fs::path& path, const fs::path& end) {
  const std::vector<fs::path> parts(path.begin(), path.end()), last(end.begin(), end.end());
  return last.size() <= parts.size() && std::equal(last.rbegin(), last.rend(), parts.rbegin());
}

bool leads_out(const fs::path& path) {
  return path.is_absolute() || path.empty() || std::find(path.begin(), path.end(), "..") != path.end();
}

}  // namespace

bool has_video_ending(const fs::path& path) { return kEndings.contains(path.extension().string()); }

VideoFolder::VideoFolder(fs::path folder, VideoForm form) : folder_(std::move(folder)) {
  if (!fs::is_directory(folder_)) throw Error(ErrorCode::kNotFound, folder_.string() + ": is no folder of videos");
  std::set<fs::path> frames;
  for (const auto& entry : fs::recursive_directory_iterator(folder_, fs::directory_options::skip_permission_denied)) {
    const fs::path& path = entry.path();
    const bool is_video = has_video_ending(path), is_frame = form == VideoForm::kFileOrFrames && frame_number(path);
    if ((!is_video && !is_frame) || !entry.is_regular_file()) continue;
    if (is_video)
      files_[path.stem().string()].push_back(path.lexically_relative(folder_));
    else
      frames.insert(path.parent_path());
  }
  for (const fs::path& each : frames) {
    const fs::path path = each.lexically_relative(folder_);
    frames_[without_ending(path).filename().string()].push_back(path);
  }
}

std::optional<fs::path> VideoFolder::find_in(const Paths& paths, const std::string& name) const {
  const fs::path path(name);
  const auto known = paths.find(without_ending(path).filename().string());
  if (known == paths.end()) return std::nullopt;
  std::vector<fs::path> fitting;
  for (const fs::path& file : known->second) {
    if (file == path || without_ending(file) == without_ending(path)) return folder_ / file;
    if (ends_with(without_ending(file), without_ending(path))) fitting.push_back(file);
  }
  if (fitting.empty()) return std::nullopt;
  if (fitting.size() > 1) {
    throw Error(ErrorCode::kNotFound, io::quote(name) + ": may be " + fitting[0].string() + " or " +
                                          fitting[1].string() + " in " + folder_.string());
  }
  return folder_ / fitting[0];
}

fs::path VideoFolder::find(const std::string& name) const {
  if (leads_out(name)) throw Error(ErrorCode::kNotFound, io::quote(name) + " leads out of " + folder_.string());
  if (const auto file = find_in(files_, name)) return *file;
  if (const auto folder = find_in(frames_, name)) return *folder;
  throw Error(ErrorCode::kNotFound, io::quote(name) + ": no such video in " + folder_.string());
}

}  // namespace gvl::evaluation
