/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

namespace gvl::scenes {

/** Manners of paint_backdrop: plain, gradient, soft clouds; from kFirstTextured on with detail that shows movement. */
inline constexpr int kFirstTextured = 3, kPaintings = 6;

/** A background without a photograph, RGB. The same arguments give the same picture. */
cv::Mat paint_backdrop(int manner, std::uint64_t seed, cv::Size size);

}  // namespace gvl::scenes
