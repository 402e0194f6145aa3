/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/colour_names.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/preprocess.hpp"

namespace gvl::vision {
namespace {

struct Hsv {
  float hue = 0;  // degrees
  float saturation = 0;
  float value = 0;
};

Hsv hsv_of(float red, float green, float blue) noexcept {
  const float most = std::max({red, green, blue}), span = most - std::min({red, green, blue});
  if (span <= 0) return {0, 0, most};
  float hue = 0;
  if (most == red) {
    hue = (green - blue) / span;
  } else if (most == green) {
    hue = 2 + (blue - red) / span;
  } else {
    hue = 4 + (red - green) / span;
  }
  return {hue < 0 ? hue * 60 + 360 : hue * 60, span / most, most};
}

bool is_padding(float red, float green, float blue) noexcept {
  constexpr float kGrey = kPaddingGrey / 255.0F, kRounding = 1e-3F;
  return std::abs(red - kGrey) < kRounding && std::abs(green - kGrey) < kRounding && std::abs(blue - kGrey) < kRounding;
}

PictureColours::Shares shares_of(const std::array<std::int64_t, kColours>& counts) {
  std::int64_t all = 0;
  for (const std::int64_t count : counts) all += count;
  PictureColours::Shares shares{};
  for (std::size_t i = 0; i < kColours && all > 0; ++i) {
    shares[i] = static_cast<float>(counts[i]) / static_cast<float>(all);
  }
  return shares;
}

}  // namespace

Colour name_of_colour(float red, float green, float blue, float brightest) noexcept {
  const Hsv hsv = hsv_of(red, green, blue);
  if (hsv.value < 0.2F) return Colour::kBlack;
  // The darker a colour, the stronger it must be to be seen as one.
  if (hsv.saturation < (hsv.value < 0.4F ? 0.3F : 0.18F))
    return hsv.value > 0.8F * brightest ? Colour::kWhite : Colour::kGrey;
  if (hsv.hue < 15 || hsv.hue >= 345) return hsv.saturation < 0.5F && hsv.value > 0.7F ? Colour::kPink : Colour::kRed;
  if (hsv.hue < 42) return hsv.value > 0.7F && hsv.saturation > 0.6F ? Colour::kOrange : Colour::kBrown;
  if (hsv.hue < 68) return hsv.value > 0.5F ? Colour::kYellow : Colour::kBrown;
  if (hsv.hue < 170) return Colour::kGreen;
  if (hsv.hue < 255) return Colour::kBlue;
  if (hsv.hue < 300) return Colour::kPurple;
  return hsv.value > 0.5F ? Colour::kPink : Colour::kPurple;
}

PictureColours::PictureColours(const float* pixels, std::int64_t size) : side_(size / 2) {
  const float *reds = pixels, *greens = reds + size * size, *blues = greens + size * size;
  const auto for_each_pixel = [&](const auto& look) {
    for (std::int64_t i = 0; i < side_ * side_; ++i) {
      const std::int64_t at = 2 * (i / side_) * size + 2 * (i % side_);
      look(static_cast<std::size_t>(i), reds[at], greens[at], blues[at]);
    }
  };
  double saturation = 0;
  std::int64_t inside = 0;
  for_each_pixel([&](std::size_t, float red, float green, float blue) {
    const bool outside = is_padding(red, green, blue);
    colours_.push_back(outside ? kOutside : 0);
    lights_.push_back(0.299F * red + 0.587F * green + 0.114F * blue);
    if (outside) return;
    saturation += hsv_of(red, green, blue).saturation;
    ++inside;
  });
  saturation_ = inside > 0 ? static_cast<float>(saturation / static_cast<double>(inside)) : 0;
  measure_light();
  const float brightest = brightest_light();
  for_each_pixel([&](std::size_t i, float red, float green, float blue) {
    if (colours_[i] != kOutside) colours_[i] = static_cast<std::uint8_t>(name_of_colour(red, green, blue, brightest));
  });
}

/** What all but a twentieth of the picture is darker than; not less than what half a light would give. */
float PictureColours::brightest_light() const {
  constexpr float kLeast = 0.5F;
  std::vector<float> lights;
  for (std::size_t i = 0; i < lights_.size(); ++i) {
    if (colours_[i] != kOutside) lights.push_back(lights_[i]);
  }
  if (lights.empty()) return 1;
  const auto place = lights.begin() + static_cast<std::ptrdiff_t>(lights.size() * 19 / 20);
  std::nth_element(lights.begin(), place, lights.end());
  return std::clamp(*place, kLeast, 1.0F);
}

void PictureColours::measure_light() {
  double sum = 0, squares = 0, differences = 0;
  std::int64_t inside = 0, pairs = 0;
  for (std::size_t i = 0; i < colours_.size(); ++i) {
    if (colours_[i] == kOutside) continue;
    sum += lights_[i];
    squares += lights_[i] * lights_[i];
    ++inside;
    if ((i + 1) % static_cast<std::size_t>(side_) == 0 || colours_[i + 1] == kOutside) continue;
    differences += std::abs(lights_[i + 1] - lights_[i]);
    ++pairs;
  }
  if (inside == 0) return;
  const double mean = sum / static_cast<double>(inside);
  brightness_ = static_cast<float>(mean);
  contrast_ = static_cast<float>(std::sqrt(std::max(0.0, squares / static_cast<double>(inside) - mean * mean)));
  sharpness_ = pairs > 0 ? static_cast<float>(differences / static_cast<double>(pairs)) : 0;
}

PictureColours::Shares PictureColours::within(const Box& box) const {
  // What is at a box's edge is mostly not the thing.
  constexpr float kMargin = 0.2F;
  const auto place = [&](float part) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(part * static_cast<float>(side_)), 0, side_ - 1);
  };
  const std::int64_t left = place(box.left + kMargin * box.width()), right = place(box.right - kMargin * box.width());
  const std::int64_t top = place(box.top + kMargin * box.height()), bottom = place(box.bottom - kMargin * box.height());
  std::array<std::int64_t, kColours> counts{};
  for (std::int64_t y = top; y <= bottom; ++y) {
    for (std::int64_t x = left; x <= right; ++x) {
      const std::uint8_t colour = colours_[static_cast<std::size_t>(y * side_ + x)];
      if (colour != kOutside) ++counts[colour];
    }
  }
  return shares_of(counts);
}

PictureColours::Shares PictureColours::whole() const {
  std::array<std::int64_t, kColours> counts{};
  for (const std::uint8_t colour : colours_) {
    if (colour != kOutside) ++counts[colour];
  }
  return shares_of(counts);
}

float PictureColours::change_since(const PictureColours& before) const {
  if (lights_.size() != before.lights_.size()) return 0;
  double sum = 0;
  std::int64_t inside = 0;
  for (std::size_t i = 0; i < lights_.size(); ++i) {
    if (colours_[i] == kOutside && before.colours_[i] == kOutside) continue;
    sum += std::abs(lights_[i] - before.lights_[i]);
    ++inside;
  }
  return inside > 0 ? static_cast<float>(sum / static_cast<double>(inside)) : 0;
}

}  // namespace gvl::vision
