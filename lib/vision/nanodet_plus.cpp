/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/nanodet_plus.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <cstddef>
#include <string>

namespace gvl::vision {
namespace {

using Options = layers::Convolution::Options;

constexpr double kLeak = 0.1, kNone = 1;
constexpr std::int64_t kJoined = 96;  // channels of all levels behind the backbone
constexpr std::int64_t kBins = 8;     // of a box's side: 0 ... 7 strides
constexpr std::int64_t kWide = 5;     // side of the kernels behind the backbone
constexpr std::int64_t kFinest = 8;
constexpr std::size_t kLevels = 4;

Options pointwise(std::int64_t in, std::int64_t out, double leak) { return {.in = in, .out = out, .leak = leak}; }

Options depthwise(std::int64_t channels, std::int64_t side, std::int64_t stride, double leak) {
  return {.in = channels, .out = channels, .side = side, .stride = stride, .leak = leak, .groups = channels};
}

at::Tensor doubled(const at::Tensor& x) {
  return at::upsample_bilinear2d(x, {2 * x.size(2), 2 * x.size(3)}, /*align_corners=*/false);
}

/** Channels of both by turns, laid out channels last. */
at::Tensor shuffled(const at::Tensor& one, const at::Tensor& other) {
  const at::Tensor both[] = {one.permute({0, 2, 3, 1}), other.permute({0, 2, 3, 1})};
  return at::stack(at::TensorList(both), 4).flatten(3).permute({0, 3, 1, 2});
}

}  // namespace

// Numbers in names are places in the checkpoint's sequences; those left out are norms and activations.
NanoDetPlus::ShuffleUnit::ShuffleUnit(const layers::Parameters& parameters, std::int64_t in, std::int64_t out)
    : before(parameters / "branch2.0", pointwise(in == out ? in / 2 : in, out / 2, kLeak)),
      branch2{{parameters / "branch2.3", depthwise(out / 2, 3, in == out ? 1 : 2, kNone)},
              {parameters / "branch2.5", pointwise(out / 2, out / 2, kLeak)}} {
  if (in == out) return;
  branch1.push_back({{parameters / "branch1.0", depthwise(in, 3, 2, kNone)},
                     {parameters / "branch1.2", pointwise(in, out / 2, kLeak)}});
}

at::Tensor NanoDetPlus::ShuffleUnit::forward(const at::Tensor& x) const {
  const std::int64_t half = x.size(1) / 2;
  const bool halves = !branch1.empty();
  const at::Tensor first = halves ? branch1.front().forward(x) : x.narrow(1, 0, half);
  const at::Tensor second = branch2.forward(before.forward(halves ? x : x.narrow(1, half, half)));
  return shuffled(first, second);
}

NanoDetPlus::GhostModule::GhostModule(const layers::Parameters& parameters, std::int64_t in, double leak)
    : primary(parameters / "primary_conv.0", pointwise(in, kJoined / 2, leak)),
      cheap(parameters / "cheap_operation.0", depthwise(kJoined / 2, 3, 1, leak)) {}

at::Tensor NanoDetPlus::GhostModule::forward(const at::Tensor& x) const {
  const at::Tensor told = primary.forward(x);
  return at::cat({told, cheap.forward(told)}, 1);
}

NanoDetPlus::GhostBlock::GhostBlock(const layers::Parameters& parameters)
    : ghost1(parameters / "ghost1", 2 * kJoined, kLeak),
      ghost2(parameters / "ghost2", kJoined, kNone),
      shortcut{{parameters / "shortcut.0", depthwise(2 * kJoined, kWide, 1, kNone)},
               {parameters / "shortcut.2", pointwise(2 * kJoined, kJoined, kNone)}} {}

at::Tensor NanoDetPlus::GhostBlock::forward(const at::Tensor& x) const {
  return ghost2.forward(ghost1.forward(x)).add(shortcut.forward(x));
}

NanoDetPlus::Separable NanoDetPlus::activated(const layers::Parameters& parameters, std::int64_t stride) {
  return {{parameters / "depthwise", depthwise(kJoined, kWide, stride, kLeak)},
          {parameters / "pointwise", pointwise(kJoined, kJoined, kLeak)}};
}

NanoDetPlus::Head::Head(const layers::Parameters& parameters, std::int64_t level)
    : gfl_cls(parameters / "gfl_cls" / std::to_string(level), pointwise(kJoined, kCocoClasses + 4 * kBins, kNone)) {
  for (const char* number : {"0", "1"}) {
    cls_convs.push_back(activated(parameters / "cls_convs" / std::to_string(level) / number, 1));
  }
}

at::Tensor NanoDetPlus::Head::forward(const at::Tensor& x) const {
  at::Tensor y = x;
  for (const Separable& convolution : cls_convs) y = convolution.forward(y);
  return gfl_cls.forward(y);
}

NanoDetPlus::NanoDetPlus(const layers::Parameters& parameters)
    : stem_(parameters / "backbone.conv1.0", {.in = 3, .out = 24, .side = 3, .stride = 2, .leak = kLeak}),
      extra_in_(activated(parameters / "fpn.extra_lvl_in_conv.0", 2)),
      extra_out_(activated(parameters / "fpn.extra_lvl_out_conv.0", 2)) {
  std::int64_t in = 24, out = 116;
  for (const auto& [name, units] : {std::pair{"stage2", 4}, {"stage3", 8}, {"stage4", 4}}) {
    std::vector<ShuffleUnit>& stage = stages_.emplace_back();
    for (int unit = 0; unit < units; ++unit) {
      stage.emplace_back(parameters / "backbone" / name / std::to_string(unit), unit == 0 ? in : out, out);
    }
    const std::string level = std::to_string(reduce_.size());
    reduce_.emplace_back(parameters / "fpn.reduce_layers" / level / "conv", pointwise(out, kJoined, kLeak));
    in = out;
    out *= 2;
  }
  for (const char* level : {"0", "1"}) {
    top_down_.emplace_back(parameters / "fpn.top_down_blocks" / level / "blocks.0");
    downsamples_.push_back(activated(parameters / "fpn.downsamples" / level, 2));
    bottom_up_.emplace_back(parameters / "fpn.bottom_up_blocks" / level / "blocks.0");
  }
  for (std::size_t level = 0; level < kLevels; ++level) {
    heads_.emplace_back(parameters / "head", static_cast<std::int64_t>(level));
  }
}

/** The stages' results, each as all levels are wide. */
std::vector<at::Tensor> NanoDetPlus::backbone(const at::Tensor& pictures, const Cancellation& cancellation) const {
  at::Tensor x = at::max_pool2d(stem_.forward(pictures), {3, 3}, {2, 2}, {1, 1});
  std::vector<at::Tensor> features;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    cancellation.check();
    for (const ShuffleUnit& unit : stages_[i]) x = unit.forward(x);
    features.push_back(reduce_[i].forward(x));
  }
  return features;
}

/** From coarse to fine and back, and a level more that is coarser still. */
std::vector<at::Tensor> NanoDetPlus::join_levels(const std::vector<at::Tensor>& features) const {
  const std::size_t top = features.size() - 1;
  std::vector<at::Tensor> joined = features;
  for (std::size_t i = top; i > 0; --i) {
    joined[i - 1] = top_down_[top - i].forward(at::cat({doubled(joined[i]), features[i - 1]}, 1));
  }
  for (std::size_t i = 0; i < top; ++i) {
    joined[i + 1] = bottom_up_[i].forward(at::cat({downsamples_[i].forward(joined[i]), joined[i + 1]}, 1));
  }
  joined.push_back(extra_in_.forward(features[top]).add(extra_out_.forward(joined[top])));
  return joined;
}

std::vector<DetectorLevel> NanoDetPlus::forward(const at::Tensor& pictures, const Cancellation& cancellation) const {
  const std::vector<at::Tensor> joined = join_levels(backbone(pictures, cancellation));
  std::vector<DetectorLevel> levels;
  std::int64_t stride = kFinest;
  for (std::size_t i = 0; i < joined.size(); ++i, stride *= 2) {
    levels.push_back(level_of(heads_[i].forward(joined[i]), stride, 0));
  }
  return levels;
}

}  // namespace gvl::vision
