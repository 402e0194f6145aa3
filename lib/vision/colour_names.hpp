/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vision/detection.hpp"

namespace gvl::vision {

/** The eleven basic colour terms of English (Berlin and Kay 1969). */
enum class Colour : std::uint8_t {
  kBlack,
  kGrey,
  kWhite,
  kRed,
  kOrange,
  kBrown,
  kYellow,
  kGreen,
  kBlue,
  kPurple,
  kPink
};
inline constexpr std::size_t kColours = 11;

/**
 * What a colour is called; red, green and blue in 0-1. In dim light, where nothing is brighter than `brightest`, white
 * is what comes near to that.
 */
Colour name_of_colour(float red, float green, float blue, float brightest = 1) noexcept;

/** A picture by what its pixels' colours are called, and some numbers about its light. Every second pixel is looked at.
 */
class PictureColours {
 public:
  using Shares = std::array<float, kColours>;

  /** `pixels`: planes of red, green and blue, S x S each, in 0-1. The grey of kPadding is no part of the picture. */
  PictureColours(const float* pixels, std::int64_t size);

  /** How much of the middle of a box has each colour; all 0 of a box without pixels. */
  Shares within(const Box& box) const;
  /** The same of the whole picture. */
  Shares whole() const;

  float brightness() const noexcept { return brightness_; }  ///< mean, 0-1
  float contrast() const noexcept { return contrast_; }      ///< deviation of the brightness
  float saturation() const noexcept { return saturation_; }  ///< mean, 0-1
  float sharpness() const noexcept { return sharpness_; }    ///< mean difference to the pixel on the right
  /** Mean difference of the brightness of each pixel; 0 of pictures that were cut from frames of another shape. */
  float change_since(const PictureColours& before) const;

 private:
  static constexpr std::uint8_t kOutside = 255;

  float brightest_light() const;
  void measure_light();

  std::int64_t side_;                  // of what follows
  std::vector<std::uint8_t> colours_;  // Colour, or kOutside
  std::vector<float> lights_;
  float brightness_ = 0, contrast_ = 0, saturation_ = 0, sharpness_ = 0;
};

}  // namespace gvl::vision
