/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/emoji.hpp"

#include <ft2build.h>

#include <algorithm>
#include <array>
#include <memory>
#include <opencv2/imgproc.hpp>

#include "scenes/emoji_table.hpp"
#include FT_FREETYPE_H

namespace gvl::scenes {
namespace {

constexpr std::array<const char*, 12> kColours{"red",  "orange", "yellow", "green", "blue",  "purple",
                                               "pink", "brown",  "white",  "gray",  "black", ""};
enum Colour : std::size_t {
  kRed,
  kOrange,
  kYellow,
  kGreen,
  kBlue,
  kPurple,
  kPink,
  kBrown,
  kWhite,
  kGray,
  kBlack,
  kUnclear
};

/** By OpenCV's HSV: hue 0 ... 179. kUnclear between two names. */
Colour colour_of(const cv::Vec3b& hsv) {
  const int hue = hsv[0], saturation = hsv[1], value = hsv[2];
  if (value < 60) return kBlack;
  if (saturation < 40) return value > 205 ? kWhite : kGray;
  if (hue < 25 && (value < 170 || (value < 200 && saturation < 140))) return value > 120 && hue < 6 ? kRed : kBrown;
  if (hue < 10 || hue >= 170) return saturation < 130 ? (value > 200 ? kPink : kUnclear) : kRed;
  if (hue < 20) return saturation < 120 ? kUnclear : kOrange;
  if (hue < 33) return hue < 24 ? kUnclear : kYellow;
  if (hue < 82) return kGreen;
  if (hue < 128) return saturation < 80 || hue < 92 ? kUnclear : kBlue;
  return hue < 150 ? kPurple : kPink;
}

cv::Mat trimmed(const cv::Mat& rgba) {
  cv::Mat alpha;
  cv::extractChannel(rgba, alpha, 3);
  const cv::Rect box = cv::boundingRect(alpha > 40);
  return box.empty() ? cv::Mat() : rgba(box).clone();
}

struct FontCloser {
  void operator()(FT_Library library) const { FT_Done_FreeType(library); }
  void operator()(FT_Face face) const { FT_Done_Face(face); }
};
using Library = std::unique_ptr<std::remove_pointer_t<FT_Library>, FontCloser>;
using Face = std::unique_ptr<std::remove_pointer_t<FT_Face>, FontCloser>;

/** FreeType gives BGRA, colours multiplied by alpha already. */
cv::Mat bitmap_of(FT_Face face, char32_t codepoint) {
  const FT_UInt glyph = FT_Get_Char_Index(face, codepoint);
  if (glyph == 0 || FT_Load_Glyph(face, glyph, FT_LOAD_COLOR) != 0) return {};
  const FT_Bitmap& bitmap = face->glyph->bitmap;
  if (bitmap.pixel_mode != FT_PIXEL_MODE_BGRA || bitmap.pitch <= 0) return {};
  const cv::Mat bgra(static_cast<int>(bitmap.rows), static_cast<int>(bitmap.width), CV_8UC4, bitmap.buffer,
                     static_cast<std::size_t>(bitmap.pitch));
  cv::Mat rgba;
  cv::cvtColor(bgra, rgba, cv::COLOR_BGRA2RGBA);
  return trimmed(rgba);
}

}  // namespace

bool is_held_out(std::string_view name, int share) noexcept {
  // FNV-1a with a last mix: its low bits alone are too regular for short names.
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  hash ^= hash >> 29;
  return share > 0 && hash % static_cast<std::uint64_t>(share) == 0;
}

std::string dominant_colour(const cv::Mat& rgba) {
  cv::Mat rgb, hsv;
  cv::cvtColor(rgba, rgb, cv::COLOR_RGBA2RGB);
  cv::cvtColor(rgb, hsv, cv::COLOR_RGB2HSV);
  std::array<double, kColours.size()> shares{};
  double total = 0;
  for (int y = 0; y < rgba.rows; ++y) {
    for (int x = 0; x < rgba.cols; ++x) {
      if (rgba.at<cv::Vec4b>(y, x)[3] < 200) continue;
      shares[colour_of(hsv.at<cv::Vec3b>(y, x))] += 1;
      total += 1;
    }
  }
  std::array<double, kColours.size()> sorted = shares;
  std::sort(sorted.rbegin(), sorted.rend());
  if (total == 0 || sorted[0] < 0.55 * total || sorted[1] > 0.25 * total) return "";
  return kColours[static_cast<std::size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin())];
}

std::vector<Emoji> load_emoji(const AssetOptions& options) {
  std::vector<Emoji> emoji;
  FT_Library raw_library = nullptr;
  if (FT_Init_FreeType(&raw_library) != 0) return emoji;
  const Library library(raw_library);
  FT_Face raw_face = nullptr;
  if (FT_New_Face(library.get(), options.emoji_font.c_str(), 0, &raw_face) != 0) return emoji;
  const Face face(raw_face);
  if (face->num_fixed_sizes <= 0 || FT_Select_Size(face.get(), 0) != 0) return emoji;
  for (const EmojiName& name : emoji_names()) {
    if (is_held_out(name.noun, options.held_out_share) != options.held_out) continue;
    const cv::Mat rgba = bitmap_of(face.get(), name.codepoint);
    if (!rgba.empty()) emoji.push_back({name.noun, dominant_colour(rgba), rgba});
  }
  return emoji;
}

}  // namespace gvl::scenes
