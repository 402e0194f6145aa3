/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace gvl::scenes {

/** What generated videos are made of, and where it lies. Whatever is missing is done without. */
struct AssetOptions {
  std::vector<std::filesystem::path> photographs;  ///< folders, searched recursively for jpg, png and webp
  std::vector<std::filesystem::path> clips;        ///< video files: exactly these, in either split
  std::filesystem::path emoji_font;                ///< with colour bitmaps (CBDT), as NotoColorEmoji.ttf
  /** Every `held_out_share`-th photograph and emoji, by a hash of its name, is held out: the training split has none
   * of them, the held-out split nothing else. */
  bool held_out = false;
  int held_out_share = 5;
  int longest_side = 320;        ///< of a photograph in memory, pixels
  int clip_shortest_side = 144;  ///< of a clip's frames in memory, pixels
  int clip_frames = 400;         ///< at most so many frames of a clip are kept, evenly spaced

  /** What Debian's packages install. Training has OpenCV's "vtest", the held-out split "Megamind". */
  static AssetOptions installed(bool held_out = false);
};

/** What can be told on a background: an event that it would hide must not be put there. */
struct Texture {
  bool detailed = false;    ///< moving, blurring or breaking it shows
  bool colourful = false;   ///< losing its colours shows
  bool asymmetric = false;  ///< turning it upside down shows
  bool balanced = false;    ///< neither nearly black nor nearly white
  cv::Mat thumbnail;        ///< 16 x 12 RGB, to tell backgrounds apart
};

/** Of an RGB picture. */
Texture measure_texture(const cv::Mat& rgb);

struct Photograph {
  std::string name;
  std::string place;  ///< "a green meadow"; empty where unknown
  cv::Mat rgb;
  Texture texture;
};

/** One take without a cut. */
struct Clip {
  std::string name;
  std::string place;
  double fps = 0;  ///< of `frames`
  std::vector<cv::Mat> frames;
  Texture texture;
};

/** A thing with its picture, trimmed to its bounding box: RGBA, colours multiplied by alpha. */
struct Emoji {
  std::string noun;
  std::string colour;  ///< empty when none dominates
  cv::Mat rgba;
};

struct Shape {
  std::string noun;
  cv::Mat alpha;          ///< 8-bit mask, antialiased
  bool turnable = false;  ///< looks clearly different when turned
};

struct NamedColour {
  std::string name;
  cv::Vec3b rgb;
};

/** Immutable once loaded: may be shared by any number of threads. */
class Assets {
 public:
  /** Reads what `options` names; missing files are no error. Takes seconds: photographs are large. */
  explicit Assets(const AssetOptions& options);

  const std::vector<Photograph>& photographs() const noexcept { return photographs_; }
  const std::vector<Clip>& clips() const noexcept { return clips_; }
  const std::vector<Emoji>& emoji() const noexcept { return emoji_; }
  const std::vector<Shape>& shapes() const noexcept { return shapes_; }          ///< never empty
  const std::vector<NamedColour>& colours() const noexcept { return colours_; }  ///< of shapes

 private:
  std::vector<Photograph> photographs_;
  std::vector<Clip> clips_;
  std::vector<Emoji> emoji_;
  std::vector<Shape> shapes_;
  std::vector<NamedColour> colours_;
};

}  // namespace gvl::scenes
