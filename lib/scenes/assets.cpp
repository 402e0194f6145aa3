/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/assets.hpp"

#include <algorithm>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <regex>
#include <string_view>

#include "scenes/emoji.hpp"
#include "scenes/places.hpp"
#include "scenes/shapes.hpp"

namespace gvl::scenes {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png" || ending == ".webp";
}

/** Wallpaper packages keep one picture in many sizes: as "Name/contents/images/WxH.jpg" or "Name_WxH.jpg". */
std::string picture_name(const fs::path& path) {
  static const std::regex packaged("([^/]+)/contents/"), sized("_[0-9]+x[0-9]+$");
  std::smatch match;
  const std::string text = path.generic_string();
  if (std::regex_search(text, match, packaged)) return match[1];
  return std::regex_replace(path.stem().string(), sized, "");
}

/** "-d" and "-l" are one wallpaper by night and by day: both belong to one split. */
std::string split_name(const std::string& name) {
  static const std::regex time_of_day("-[dl]$");
  return std::regex_replace(name, time_of_day, "");
}

/** The smallest file of every picture: they are scaled down anyway. By name, so that indices are the same anywhere. */
std::map<std::string, fs::path> find_pictures(const std::vector<fs::path>& folders) {
  std::map<std::string, fs::path> found;
  for (const fs::path& folder : folders) {
    std::error_code none;
    for (auto entry = fs::recursive_directory_iterator(folder, none); entry != fs::recursive_directory_iterator();
         entry.increment(none)) {
      const fs::path& path = entry->path();
      if (none || !entry->is_regular_file(none) || !is_picture(path) || path.stem() == "screenshot") continue;
      const auto [place, fresh] = found.try_emplace(picture_name(path), path);
      if (fresh) continue;
      const auto size = fs::file_size(path, none), kept = fs::file_size(place->second, none);
      if (size < kept || (size == kept && path < place->second)) place->second = path;
    }
  }
  return found;
}

cv::Mat scaled_to_longest(const cv::Mat& picture, int longest) {
  const double scale = static_cast<double>(longest) / std::max(picture.cols, picture.rows);
  if (scale >= 1) return picture;
  cv::Mat small;
  cv::resize(picture, small, {}, scale, scale, cv::INTER_AREA);
  return small;
}

std::vector<Photograph> load_photographs(const AssetOptions& options) {
  std::vector<Photograph> photographs;
  for (const auto& [name, path] : find_pictures(options.photographs)) {
    if (is_held_out(split_name(name), options.held_out_share) != options.held_out) continue;
    cv::Mat bgr = cv::imread(path.string(), cv::IMREAD_REDUCED_COLOR_2), rgb;
    if (bgr.empty() || std::min(bgr.cols, bgr.rows) < 64) continue;
    bgr = scaled_to_longest(bgr, options.longest_side);
    // Portraits would be cropped to a strip.
    if (bgr.rows > bgr.cols) continue;
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    Photograph photograph{name, place_of(name), rgb, measure_texture(rgb)};
    if (photograph.texture.balanced) photographs.push_back(std::move(photograph));
  }
  return photographs;
}

/** Whether the take ends between two frames. */
bool is_cut(const cv::Mat& before, const cv::Mat& after) {
  cv::Mat a, b, difference;
  cv::resize(before, a, {16, 12}, 0, 0, cv::INTER_AREA);
  cv::resize(after, b, {16, 12}, 0, 0, cv::INTER_AREA);
  cv::absdiff(a, b, difference);
  const cv::Scalar mean = cv::mean(difference);
  return (mean[0] + mean[1] + mean[2]) / 3 > 26;
}

void load_clip(const fs::path& path, const AssetOptions& options, std::vector<Clip>& clips) {
  cv::VideoCapture capture(path.string());
  if (!capture.isOpened()) return;
  const double fps = std::clamp(capture.get(cv::CAP_PROP_FPS), 1.0, 120.0);
  const double count = std::max(capture.get(cv::CAP_PROP_FRAME_COUNT), 1.0);
  const auto step = static_cast<std::int64_t>(std::ceil(count / options.clip_frames));
  const std::string name = path.stem().string();
  cv::Mat bgr, previous;
  Clip clip{name, place_of(name), fps / static_cast<double>(step), {}, {}};
  const auto finish = [&] {
    // A shorter take would only be seen going back and forth.
    if (static_cast<double>(clip.frames.size()) >= 2 * clip.fps) {
      clip.texture = measure_texture(clip.frames[clip.frames.size() / 2]);
      clips.push_back(clip);
      clips.back().name += "#" + std::to_string(clips.size());
    }
    clip.frames.clear();
  };
  std::size_t kept = 0;
  for (std::int64_t i = 0; kept < static_cast<std::size_t>(options.clip_frames) && capture.grab(); ++i) {
    if (i % step != 0 || !capture.retrieve(bgr) || bgr.empty()) continue;
    const double scale = static_cast<double>(options.clip_shortest_side) / std::min(bgr.cols, bgr.rows);
    cv::Mat rgb;
    cv::resize(bgr, bgr, {}, scale, scale, cv::INTER_AREA);
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    if (!previous.empty() && is_cut(previous, rgb)) finish();
    previous = rgb;
    clip.frames.push_back(rgb);
    ++kept;
  }
  finish();
}

double mean_difference(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat difference;
  cv::absdiff(a, b, difference);
  return cv::mean(difference)[0];
}

}  // namespace

Texture measure_texture(const cv::Mat& rgb) {
  Texture texture;
  cv::Mat gray, hsv, flipped, small;
  cv::resize(rgb, texture.thumbnail, {16, 12}, 0, 0, cv::INTER_AREA);
  cv::resize(rgb, small, {96, 72}, 0, 0, cv::INTER_AREA);
  cv::cvtColor(small, gray, cv::COLOR_RGB2GRAY);
  cv::cvtColor(small, hsv, cv::COLOR_RGB2HSV);
  // A shift by a twentieth of the picture either way.
  const double across = mean_difference(gray.colRange(0, 91), gray.colRange(5, 96));
  const double down = mean_difference(gray.rowRange(0, 67), gray.rowRange(5, 72));
  texture.detailed = across > 5 && down > 5;
  cv::Mat highest, lowest;
  std::vector<cv::Mat> channels;
  cv::split(small, channels);
  highest = cv::max(cv::max(channels[0], channels[1]), channels[2]);
  lowest = cv::min(cv::min(channels[0], channels[1]), channels[2]);
  texture.colourful = cv::mean(highest - lowest)[0] > 22;
  cv::flip(gray, flipped, 0);
  texture.asymmetric = mean_difference(gray, flipped) > 22;
  const double level = cv::mean(gray)[0];
  texture.balanced = level > 28 && level < 205;
  return texture;
}

AssetOptions AssetOptions::installed(bool held_out) {
  const fs::path samples = "/usr/share/doc/opencv-doc/examples/data";
  AssetOptions options;
  options.photographs = {"/usr/share/backgrounds", "/usr/share/wallpapers"};
  // Not "tree": a hand waves before the lens and the exposure jumps, which would be events without a label.
  options.clips = {samples / (held_out ? "Megamind.avi" : "vtest.avi")};
  options.emoji_font = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf";
  options.held_out = held_out;
  return options;
}

Assets::Assets(const AssetOptions& options)
    : photographs_(load_photographs(options)),
      emoji_(load_emoji(options)),
      shapes_(draw_shapes()),
      colours_(shape_colours()) {
  for (const fs::path& path : options.clips) load_clip(path, options, clips_);
}

}  // namespace gvl::scenes
