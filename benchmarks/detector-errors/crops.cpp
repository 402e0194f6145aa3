/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detector-errors/crops.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "gvl/error.hpp"
#include "vision/colour_names.hpp"

namespace gvl::benchmarks {
namespace {

constexpr const char* kColourNames[] = {"black",  "grey",  "white", "red",    "orange", "brown",
                                        "yellow", "green", "blue",  "purple", "pink"};
static_assert(std::size(kColourNames) == vision::kColours);

}  // namespace

void Crops::write(const Pictures& pictures, std::int64_t index, std::size_t kind, const vision::Box& box) {
  if (folder_.empty()) return;
  constexpr int kSide = Pictures::kSide;
  const at::Tensor values = pictures.in_unit_range()[index].contiguous();
  const auto shares = vision::PictureColours(values.data_ptr<float>(), kSide).within(box);
  const auto most = std::max_element(shares.begin(), shares.end());
  const cv::Mat rgb(kSide, kSide, CV_8UC3, pictures.pixels()[index].data_ptr<std::uint8_t>());
  const auto pixel = [](float part) { return static_cast<int>(std::lround(part * kSide)); };
  const cv::Rect inside(cv::Point(pixel(box.left), pixel(box.top)), cv::Point(pixel(box.right), pixel(box.bottom)));
  if (inside.empty()) return;
  cv::Mat bgr;
  cv::cvtColor(rgb(inside), bgr, cv::COLOR_RGB2BGR);
  char name[128];
  std::snprintf(name, sizeof(name), "%03d-%s-%s-%d.png", number_++, kClassNames[kind].data(),
                kColourNames[most - shares.begin()], static_cast<int>(std::lround(*most * 100)));
  const auto file = folder_ / name;
  if (!cv::imwrite(file.string(), bgr)) throw Error(ErrorCode::kResource, file.string() + ": cannot be written");
}

}  // namespace gvl::benchmarks
