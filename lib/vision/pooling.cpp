/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/pooling.hpp"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/tensor.h>

#include <cmath>

namespace gvl::vision {
namespace {

std::int64_t grid_of(std::int64_t patches) {
  return static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(patches))));
}

/** [n, grid^2, D] -> [n, side^2, D], adaptive average pooling. */
at::Tensor average_grid(const at::Tensor& features, std::int64_t side) {
  const std::int64_t grid = grid_of(features.size(1));
  const at::Tensor pictures = features.transpose(1, 2).unflatten(2, {grid, grid});
  return at::adaptive_avg_pool2d(pictures, {side, side}).flatten(2).transpose(1, 2);
}

at::Tensor per_channel(const std::array<double, 3>& values, c10::Device device) {
  return at::tensor(at::ArrayRef<double>(values.data(), values.size()),
                    at::TensorOptions().dtype(at::kFloat).device(device));
}

at::Tensor merge_2x2(const at::Tensor& features) {
  const std::int64_t grid = grid_of(features.size(1));
  const std::int64_t width = features.size(2);
  return features.reshape({features.size(0), grid / 2, 2, grid / 2, 2, width})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({features.size(0), grid * grid / 4, 4 * width});
}

}  // namespace

at::Tensor normalise(const at::Tensor& pixels, const VisionConfig& config, c10::ScalarType type) {
  const at::Tensor scaled = pixels.to(at::kFloat)
                                .div_(255)
                                .sub_(per_channel(config.mean, pixels.device()))
                                .div_(per_channel(config.std, pixels.device()));
  return scaled.movedim(-1, -3).contiguous().to(type);
}

at::Tensor denormalise(const at::Tensor& values, const VisionConfig& config) {
  const auto channels = [&](const std::array<double, 3>& each) {
    return per_channel(each, values.device()).reshape({3, 1, 1});
  };
  return values.to(at::kFloat).mul(channels(config.std)).add(channels(config.mean));
}

at::Tensor pool_spatial(const at::Tensor& features, SpatialPooling pooling) {
  switch (pooling) {
    case SpatialPooling::kMerge2x2:
      return merge_2x2(features);
    case SpatialPooling::kAdaptive8x8:
      return average_grid(features, 8);
    case SpatialPooling::kNone:
      break;
  }
  return features;
}

at::Tensor pool_temporal(const at::Tensor& features, std::int64_t frames, std::int64_t side) {
  const std::int64_t batch = features.size(0);
  const at::Tensor per_frame = features.reshape({batch * frames, features.size(1) / frames, features.size(2)});
  return average_grid(per_frame, side).reshape({batch, frames * side * side, features.size(2)});
}

}  // namespace gvl::vision
