/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>

#include "gvl/config.hpp"
#include "gvl/export.hpp"
#include "gvl/tensor.hpp"

namespace gvl {

/** A borrowed 8-bit RGB picture, packed RGBRGB..., rows `stride` bytes apart. */
struct RgbView {
  const std::uint8_t* data = nullptr;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t stride = 0;
};

/**
 * The models' picture of a frame: shortest side to `size` with Pillow's antialiased bicubic (a = -0.5, 8-bit
 * rounding after the horizontal and after the vertical pass), then the centre size x size crop. Writes
 * size*size*3 bytes of packed RGB. Only the pixels that the crop keeps are computed. Throws Error(kInvalidArgument)
 * for an empty picture or one longer than 32768 a side.
 */
GVL_EXPORT void resize_and_crop(const RgbView& frame, std::int64_t size, std::span<std::uint8_t> out);

/** Red, green and blue of what resize_and_pad() puts beside a picture. */
inline constexpr std::uint8_t kPaddingGrey = 114;

/**
 * The same for models that see the whole frame: longest side to `size`, in the middle of a grey square. Throws as
 * resize_and_crop() does.
 */
GVL_EXPORT void resize_and_pad(const RgbView& frame, std::int64_t size, std::span<std::uint8_t> out);

/** What an encoder sees of a frame: one of the two, by its configuration. */
GVL_EXPORT void make_picture(const RgbView& frame, const VisionConfig& config, std::span<std::uint8_t> out);

}  // namespace gvl
