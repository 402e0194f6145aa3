/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/nanodet.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <string>

namespace gvl::vision {
namespace {

using layers::Convolution;

constexpr double kLeak = 0.1;
constexpr std::int64_t kJoined = 128;  // channels of all levels behind the backbone
constexpr std::int64_t kBins = 11;     // of a box's side: 0 ... 10 strides
constexpr std::int64_t kFinest = 8;

/** Most of its convolutions: 3 x 3 and a leaky ReLU. */
Convolution::Options activated(std::int64_t in, std::int64_t out, std::int64_t stride = 1) {
  return {.in = in, .out = out, .side = 3, .stride = stride, .leak = kLeak};
}

/** Bilinear, with the pixels' centres where they are: doubling, or the mean of 2 x 2. */
at::Tensor resize_to(const at::Tensor& x, const at::Tensor& like) {
  return at::upsample_bilinear2d(x, {like.size(2), like.size(3)}, /*align_corners=*/false);
}

}  // namespace

NanoDet::ResBlock::ResBlock(const layers::Parameters& parameters, std::int64_t width)
    : in_conv(parameters / "in_conv.conv", activated(width, width / 2)),
      mid_conv(parameters / "mid_conv.conv", activated(width / 2, width / 2)) {}

at::Tensor NanoDet::ResBlock::forward(const at::Tensor& x) const {
  const at::Tensor in = in_conv.forward(x);
  return at::cat({mid_conv.forward(in), in}, 1);
}

NanoDet::CspBlock::CspBlock(const layers::Parameters& parameters, std::int64_t width, std::int64_t blocks,
                            std::int64_t stride)
    : in_conv(parameters / "in_conv.conv", activated(width, width, stride)),
      res_out_conv(parameters / "res_out_conv.conv", activated(width, width)) {
  for (std::int64_t i = 0; i < blocks; ++i) {
    res_blocks.emplace_back(parameters / "res_blocks" / std::to_string(i), width);
  }
}

at::Tensor NanoDet::CspBlock::forward(const at::Tensor& x) const {
  const at::Tensor in = in_conv.forward(x);
  at::Tensor y = in;
  for (const ResBlock& block : res_blocks) y = block.forward(y);
  return at::cat({res_out_conv.forward(y), in}, 1);
}

NanoDet::Head::Head(const layers::Parameters& parameters, std::int64_t level)
    : cls_conv(parameters / "cls_convs" / std::to_string(level) / "0.conv", activated(kJoined, kJoined)),
      gfl_cls(parameters / "gfl_cls" / std::to_string(level), {.in = kJoined, .out = kCocoClasses + 4 * kBins}) {}

NanoDet::NanoDet(const layers::Parameters& parameters)
    : stem_(parameters / "backbone.stages.0.conv", activated(3, 32, 2)) {
  const layers::Parameters stages = parameters / "backbone.stages";
  // The published configuration (nanodet-g.yml); stage 1 is a pooling.
  stages_.emplace_back(stages / "2", 32, 1, 1);
  stages_.emplace_back(stages / "3", 64, 2, 2);
  stages_.emplace_back(stages / "4", 128, 2, 2);
  stages_.emplace_back(stages / "5", 256, 3, 2);
  std::int64_t width = kJoined;
  for (std::int64_t level = 0; level < 3; ++level, width *= 2) {
    laterals_.emplace_back(parameters / "fpn.lateral_convs" / std::to_string(level) / "conv",
                           Convolution::Options{.in = width, .out = kJoined});
    heads_.emplace_back(parameters / "head", level);
  }
}

std::vector<at::Tensor> NanoDet::backbone(const at::Tensor& pictures, const Cancellation& cancellation) const {
  at::Tensor x = at::max_pool2d(stem_.forward(pictures), {3, 3}, {2, 2}, {1, 1});
  std::vector<at::Tensor> features;
  for (const CspBlock& stage : stages_) {
    cancellation.check();
    x = stage.forward(x);
    features.push_back(x);
  }
  features.erase(features.begin());
  return features;
}

/** A path aggregation network (Liu et al. 2018) that adds, without convolutions of its own. */
std::vector<at::Tensor> NanoDet::join_levels(const std::vector<at::Tensor>& features) const {
  std::vector<at::Tensor> joined;
  for (std::size_t i = 0; i < features.size(); ++i) joined.push_back(laterals_[i].forward(features[i]));
  const auto add = [&](std::size_t from, std::size_t to) {
    joined[to] = joined[to].add(resize_to(joined[from], joined[to]));
  };
  for (std::size_t i = joined.size() - 1; i > 0; --i) add(i, i - 1);
  for (std::size_t i = 1; i < joined.size(); ++i) add(i - 1, i);
  return joined;
}

std::vector<DetectorLevel> NanoDet::forward(const at::Tensor& pictures, const Cancellation& cancellation) const {
  const std::vector<at::Tensor> joined = join_levels(backbone(pictures, cancellation));
  std::vector<DetectorLevel> levels;
  std::int64_t stride = kFinest;
  for (std::size_t i = 0; i < joined.size(); ++i, stride *= 2) {
    const at::Tensor said = heads_[i].gfl_cls.forward(heads_[i].cls_conv.forward(joined[i]));
    levels.push_back(level_of(said, stride, 0.5));
  }
  return levels;
}

}  // namespace gvl::vision
