/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/backdrops.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "scenes/random.hpp"

namespace gvl::scenes {
namespace {

cv::Scalar some_colour(Random& random, double low = 30, double high = 225) {
  return {random.uniform(low, high), random.uniform(low, high), random.uniform(low, high)};
}

/** Between the colours of four corners. */
cv::Mat gradient(Random& random, cv::Size size) {
  cv::Mat corners(2, 2, CV_8UC3), picture;
  for (int i = 0; i < 4; ++i) {
    const cv::Scalar colour = some_colour(random);
    corners.at<cv::Vec3b>(i / 2, i % 2) =
        cv::Vec3b(cv::saturate_cast<std::uint8_t>(colour[0]), cv::saturate_cast<std::uint8_t>(colour[1]),
                  cv::saturate_cast<std::uint8_t>(colour[2]));
  }
  cv::resize(corners, picture, size, 0, 0, cv::INTER_LINEAR);
  return picture;
}

cv::Mat random_cells(Random& random, cv::Size cells, cv::Size size, int interpolation) {
  cv::Mat coarse(cells, CV_8UC3), picture;
  for (int y = 0; y < cells.height; ++y) {
    for (int x = 0; x < cells.width; ++x) {
      const cv::Scalar colour = some_colour(random);
      coarse.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<std::uint8_t>(colour[0]), static_cast<std::uint8_t>(colour[1]),
                                             static_cast<std::uint8_t>(colour[2]));
    }
  }
  cv::resize(coarse, picture, size, 0, 0, interpolation);
  return picture;
}

/** Ranges of hills under a sky, speckled: something that has an upper side, but nothing that looks like an object. */
cv::Mat landscape(Random& random, cv::Size size) {
  const cv::Scalar sky = some_colour(random, 150, 240), near = some_colour(random, 20, 110);
  cv::Mat picture(size, CV_8UC3, sky);
  const auto ranges = random.integer(3, 5);
  for (std::int64_t i = 1; i <= ranges; ++i) {
    const double depth = static_cast<double>(i) / static_cast<double>(ranges);
    const double base = size.height * (0.2 + 0.6 * depth), height = size.height * random.uniform(0.08, 0.16);
    const double first = random.uniform(0, 6), second = random.uniform(0, 6), wide = random.uniform(0.02, 0.045);
    const cv::Scalar colour = sky * (1 - depth) * 0.8 + near * depth + some_colour(random, -25, 25);
    std::vector<cv::Point> ridge{{size.width, size.height}, {0, size.height}};
    for (int x = 0; x <= size.width; x += 2) {
      const double y = base - height * (std::sin(wide * x + first) + 0.5 * std::sin(2.7 * wide * x + second));
      ridge.emplace_back(x, cvRound(y));
    }
    cv::fillPoly(picture, std::vector<std::vector<cv::Point>>{ridge}, colour, cv::LINE_AA);
  }
  return picture;
}

/** Light and dark grain in cells of some pixels. */
void speckle(Random& random, int cell, double strength, cv::Mat& picture) {
  cv::Mat grain(picture.rows / cell + 1, picture.cols / cell + 1, CV_8UC3), fine;
  for (int y = 0; y < grain.rows; ++y) {
    for (int x = 0; x < grain.cols; ++x) {
      grain.at<cv::Vec3b>(y, x) = cv::Vec3b::all(static_cast<std::uint8_t>(random.uniform(0, 255)));
    }
  }
  cv::resize(grain, fine, picture.size(), 0, 0, cv::INTER_LINEAR);
  cv::addWeighted(picture, 1, fine, strength, -127 * strength, picture);
}

}  // namespace

cv::Mat paint_backdrop(int manner, std::uint64_t seed, cv::Size size) {
  Random random(seed);
  if (manner == 0) return cv::Mat(size, CV_8UC3, some_colour(random));
  if (manner == 1) return gradient(random, size);
  if (manner == 2) {
    cv::Mat mixed;
    cv::addWeighted(gradient(random, size), 0.6, random_cells(random, {6, 4}, size, cv::INTER_CUBIC), 0.4, 0, mixed);
    return mixed;
  }
  cv::Mat picture = landscape(random, size);
  speckle(random, manner == 3 ? 4 : manner == 4 ? 9 : 16, random.uniform(0.25, 0.45), picture);
  return picture;
}

}  // namespace gvl::scenes
