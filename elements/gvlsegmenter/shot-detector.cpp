/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shot-detector.hpp"

#include <opencv2/imgproc.hpp>

namespace gvl::gst {

namespace {

cv::Mat picture(std::vector<std::uint8_t>& pixels, std::int64_t size) {
  return cv::Mat(static_cast<int>(size), static_cast<int>(size), CV_8UC3, pixels.data());
}

}  // namespace

bool ShotDetector::begins_shot(std::vector<std::uint8_t>& rgb, std::int64_t size) {
  constexpr double kThreshold = 27;
  cv::Mat hsv, difference;
  cv::cvtColor(picture(rgb, size), hsv, cv::COLOR_RGB2HSV);
  bool begins = false;
  if (!before_.empty()) {
    cv::absdiff(hsv, before_, difference);
    const cv::Scalar mean = cv::mean(difference);
    begins = (mean[0] + mean[1] + mean[2]) / 3 >= kThreshold;
  }
  before_ = hsv;
  return begins;
}

double sharpness_of(std::vector<std::uint8_t>& rgb, std::int64_t size) {
  cv::Mat gray, edges;
  cv::cvtColor(picture(rgb, size), gray, cv::COLOR_RGB2GRAY);
  cv::Laplacian(gray, edges, CV_32F);
  cv::Scalar mean, deviation;
  cv::meanStdDev(edges, mean, deviation);
  return deviation[0] * deviation[0];
}

}  // namespace gvl::gst
