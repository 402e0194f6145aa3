/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <opencv2/core/mat.hpp>

#include <cstdint>
#include <vector>

namespace gvl::gst {

/**
 * Tells where a picture begins another shot: where its mean difference from the one before, over hue, saturation and
 * value, is 27 or more of 255 (PySceneDetect's ContentDetector with its own threshold). For one thread.
 */
class ShotDetector {
 public:
  /** `rgb`: packed, size x size. */
  bool begins_shot(std::vector<std::uint8_t>& rgb, std::int64_t size);

 private:
  cv::Mat before_;
};

/** The variance of a picture's Laplacian: the higher, the sharper. `rgb`: packed, size x size. */
double sharpness_of(std::vector<std::uint8_t>& rgb, std::int64_t size);

}  // namespace gvl::gst
