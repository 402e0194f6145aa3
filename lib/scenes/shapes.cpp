/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/shapes.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace gvl::scenes {
namespace {

constexpr int kSide = 128, kFine = 512;

/** `corners` points on circles of the given radii in turn; the first one is on top. */
std::vector<cv::Point> polygon(int corners, double outer, double inner, double turn = 0) {
  std::vector<cv::Point> points;
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * CV_PI * i / corners - CV_PI / 2 + turn;
    const double radius = (i % 2 == 0 ? outer : inner) * kFine / 2;
    points.emplace_back(cvRound(kFine / 2 + radius * std::cos(angle)), cvRound(kFine / 2 + radius * std::sin(angle)));
  }
  return points;
}

std::vector<cv::Point> heart() {
  std::vector<cv::Point> points;
  for (int i = 0; i < 120; ++i) {
    const double t = 2 * CV_PI * i / 120, s = std::sin(t);
    const double x = 16 * s * s * s;
    const double y = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
    points.emplace_back(cvRound(kFine / 2 + x * kFine / 34), cvRound(kFine / 2 - (y + 2.5) * kFine / 34));
  }
  return points;
}

cv::Mat finished(const cv::Mat& fine) {
  cv::Mat mask;
  const cv::Rect box = cv::boundingRect(fine);
  const double scale = static_cast<double>(kSide) / std::max(box.width, box.height);
  cv::resize(fine(box), mask, {}, scale, scale, cv::INTER_AREA);
  return mask;
}

Shape filled(const char* noun, const std::vector<cv::Point>& points, bool turnable = true) {
  cv::Mat fine = cv::Mat::zeros(kFine, kFine, CV_8U);
  cv::fillPoly(fine, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(255));
  return {noun, finished(fine), turnable};
}

Shape circle(const char* noun, bool hollow) {
  cv::Mat fine = cv::Mat::zeros(kFine, kFine, CV_8U);
  cv::circle(fine, {kFine / 2, kFine / 2}, kFine / 2 - 8, cv::Scalar(255), cv::FILLED);
  if (hollow) cv::circle(fine, {kFine / 2, kFine / 2}, kFine / 3 - 16, cv::Scalar(0), cv::FILLED);
  return {noun, finished(fine), false};
}

Shape cross() {
  cv::Mat fine = cv::Mat::zeros(kFine, kFine, CV_8U);
  constexpr int edge = 16, from = kFine * 3 / 8, width = kFine / 4;
  fine(cv::Rect(from, edge, width, kFine - 2 * edge)) = 255;
  fine(cv::Rect(edge, from, kFine - 2 * edge, width)) = 255;
  return {"cross", finished(fine), true};
}

}  // namespace

std::vector<Shape> draw_shapes() {
  const std::vector<cv::Point> arrow{{16, 190}, {270, 190}, {270, 80}, {496, 256}, {270, 432}, {270, 322}, {16, 322}};
  return {circle("circle", false),
          circle("ring", true),
          filled("square", polygon(4, 0.98, 0.98, CV_PI / 4)),
          filled("triangle", polygon(3, 0.97, 0.97)),
          filled("star", polygon(10, 0.97, 0.4)),
          filled("diamond", polygon(4, 0.97, 0.62)),
          filled("hexagon", polygon(6, 0.97, 0.97), false),
          filled("heart", heart()),
          filled("arrow", arrow),
          cross()};
}

std::vector<NamedColour> shape_colours() {
  return {{"red", {220, 30, 35}},     {"orange", {245, 135, 20}}, {"yellow", {245, 220, 40}}, {"green", {40, 160, 60}},
          {"blue", {40, 85, 220}},    {"purple", {130, 50, 165}}, {"pink", {245, 130, 185}},  {"brown", {120, 75, 40}},
          {"white", {245, 245, 245}}, {"gray", {130, 130, 130}},  {"black", {20, 20, 22}}};
}

}  // namespace gvl::scenes
