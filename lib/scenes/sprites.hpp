/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace gvl::scenes {

/** A picture to be drawn at any size: RGBA, colours multiplied by alpha, halved again and again. */
class Sprite {
 public:
  explicit Sprite(const cv::Mat& rgba);
  static Sprite of_mask(const cv::Mat& alpha, const cv::Vec3b& colour);

  struct Pose {
    double x = 0, y = 0;  ///< centre, pixels
    double size = 0;      ///< the longer side, pixels
    double angle = 0;     ///< radians, clockwise
    double alpha = 1;
    bool shadow = false;
  };
  void draw(const Pose& pose, cv::Mat& rgb) const;

  /** Whether so small or faint a thing is drawn at all. */
  static bool visible(const Pose& pose);

  /** Half the width and height of what is drawn, pixels, turned and with its shadow. */
  cv::Size2d half_extent(const Pose& pose) const;

 private:
  std::vector<cv::Mat> levels_;
};

}  // namespace gvl::scenes
