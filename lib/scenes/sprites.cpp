/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/sprites.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace gvl::scenes {
namespace {

constexpr double kShadowOffset = 0.06;  ///< of the size, right and down
constexpr int kShadowWeight = 90;       ///< of 255

int alpha_of(const Sprite::Pose& pose) { return cvRound(std::clamp(pose.alpha, 0.0, 1.0) * 255); }

int over(int below, int alpha) { return (below * (255 - alpha) + 127) / 255; }

}  // namespace

Sprite::Sprite(const cv::Mat& rgba) {
  levels_.push_back(rgba);
  while (std::min(levels_.back().cols, levels_.back().rows) > 16) {
    cv::Mat half;
    cv::resize(levels_.back(), half, {}, 0.5, 0.5, cv::INTER_AREA);
    levels_.push_back(half);
  }
}

Sprite Sprite::of_mask(const cv::Mat& alpha, const cv::Vec3b& colour) {
  cv::Mat rgba(alpha.size(), CV_8UC4);
  for (int y = 0; y < alpha.rows; ++y) {
    for (int x = 0; x < alpha.cols; ++x) {
      const int a = alpha.at<std::uint8_t>(y, x);
      auto& pixel = rgba.at<cv::Vec4b>(y, x);
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(colour[c] * a / 255);
      pixel[3] = static_cast<std::uint8_t>(a);
    }
  }
  return Sprite(rgba);
}

cv::Size2d Sprite::half_extent(const Pose& pose) const {
  const cv::Mat& picture = levels_.front();
  const double scale = pose.size / std::max(picture.cols, picture.rows) / 2;
  const double c = std::abs(std::cos(pose.angle)), s = std::abs(std::sin(pose.angle));
  const double shadow = pose.shadow ? kShadowOffset * pose.size : 0;
  return {scale * (picture.cols * c + picture.rows * s) + shadow + 1,
          scale * (picture.cols * s + picture.rows * c) + shadow + 1};
}

bool Sprite::visible(const Pose& pose) { return alpha_of(pose) > 0 && pose.size >= 1; }

void Sprite::draw(const Pose& pose, cv::Mat& rgb) const {
  if (!visible(pose)) return;
  const int alpha = alpha_of(pose);
  std::size_t level = 0;
  while (level + 1 < levels_.size() && std::max(levels_[level + 1].cols, levels_[level + 1].rows) >= pose.size) ++level;
  const cv::Mat& picture = levels_[level];
  const cv::Size2d half = half_extent(pose);
  const cv::Rect box = cv::Rect(cv::Point(cvFloor(pose.x - half.width), cvFloor(pose.y - half.height)),
                                cv::Point(cvCeil(pose.x + half.width) + 1, cvCeil(pose.y + half.height) + 1)) &
                       cv::Rect({}, rgb.size());
  if (box.empty()) return;
  const double scale = pose.size / std::max(picture.cols, picture.rows);
  const double c = std::cos(pose.angle) / scale, s = std::sin(pose.angle) / scale;
  const double dx = box.x - pose.x + 0.5, dy = box.y - pose.y + 0.5;
  // From the box to the picture, pixel centres on pixel centres.
  const cv::Matx23d map(c, s, c * dx + s * dy + picture.cols / 2.0 - 0.5, -s, c,
                        -s * dx + c * dy + picture.rows / 2.0 - 0.5);
  cv::Mat drawn;
  cv::warpAffine(picture, drawn, map, box.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT);
  const int offset = pose.shadow ? cvRound(kShadowOffset * pose.size) : 0;
  for (int y = 0; y < box.height; ++y) {
    auto* out = rgb.ptr<cv::Vec3b>(box.y + y) + box.x;
    const auto* in = drawn.ptr<cv::Vec4b>(y);
    const auto* above = offset > 0 && y >= offset ? drawn.ptr<cv::Vec4b>(y - offset) : nullptr;
    for (int x = 0; x < box.width; ++x) {
      const int shade = above && x >= offset ? above[x - offset][3] * kShadowWeight / 255 * alpha / 255 : 0;
      const int a = in[x][3] * alpha / 255;
      if ((shade | a) == 0) continue;
      for (int k = 0; k < 3; ++k) {
        out[x][k] = static_cast<std::uint8_t>(std::min(over(over(out[x][k], shade), a) + in[x][k] * alpha / 255, 255));
      }
    }
  }
}

}  // namespace gvl::scenes
