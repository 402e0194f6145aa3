/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <utility>

/** Multiply-adds of detectors' convolutions over a picture of `size` x `size` pixels, each as two operations. */
namespace gvl::benchmarks {

/** Of a convolution from `in` to `out` channels whose result lies at every `stride`-th pixel. */
inline double convolution_operations(std::int64_t size, std::int64_t in, std::int64_t out, std::int64_t side,
                                     std::int64_t stride) {
  const std::int64_t places = (size + stride - 1) / stride;
  return 2.0 * static_cast<double>(in * out * side * side * places * places);
}

/** Of NanoDet-g. */
inline double nanodet_operations(std::int64_t size) {
  const auto convolution = [&](std::int64_t in, std::int64_t out, std::int64_t side, std::int64_t stride) {
    return convolution_operations(size, in, out, side, stride);
  };
  double sum = convolution(3, 32, 3, 2);
  const std::pair<std::int64_t, std::int64_t> stages[] = {{4, 1}, {8, 2}, {16, 2}, {32, 3}};  // stride, blocks
  for (const auto& [stride, blocks] : stages) {
    const std::int64_t width = 8 * stride;
    sum += 2 * convolution(width, width, 3, stride);
    sum += static_cast<double>(blocks) *
           (convolution(width, width / 2, 3, stride) + convolution(width / 2, width / 2, 3, stride));
    if (stride > 4)
      sum +=
          convolution(2 * width, 128, 1, stride) + convolution(128, 128, 3, stride) + convolution(128, 124, 1, stride);
  }
  return sum;
}

/** Of NanoDet-Plus-m; "separable": each channel by itself, then all of them at single pixels. */
inline double nanodet_plus_operations(std::int64_t size) {
  constexpr std::int64_t kJoined = 96, kSaid = 80 + 4 * 8;
  const auto pixels = [&](std::int64_t in, std::int64_t out, std::int64_t stride) {
    return convolution_operations(size, in, out, 1, stride);
  };
  const auto separable = [&](std::int64_t in, std::int64_t out, std::int64_t side, std::int64_t stride) {
    return convolution_operations(size, 1, in, side, stride) + pixels(in, out, stride);
  };
  double sum = convolution_operations(size, 3, 24, 3, 2);
  std::int64_t in = 24, half = 58;
  for (const auto& [stride, units] : {std::pair<std::int64_t, int>{8, 4}, {16, 8}, {32, 4}}) {
    sum += separable(in, half, 3, stride) + pixels(in, half, stride / 2) + separable(half, half, 3, stride);
    sum += (units - 1) * (pixels(half, half, stride) + separable(half, half, 3, stride));
    in = 2 * half;
    sum += pixels(in, kJoined, stride);
    half *= 2;
  }
  for (const std::int64_t stride : {16, 8, 16, 32}) {
    sum += pixels(2 * kJoined, kJoined / 2, stride) + pixels(kJoined, kJoined / 2, stride) +
           2 * convolution_operations(size, 1, kJoined / 2, 3, stride) + separable(2 * kJoined, kJoined, 5, stride);
  }
  for (const std::int64_t stride : {16, 32, 64, 64}) sum += separable(kJoined, kJoined, 5, stride);
  for (const std::int64_t stride : {8, 16, 32, 64}) {
    sum += 2 * separable(kJoined, kJoined, 5, stride) + pixels(kJoined, kSaid, stride);
  }
  return sum;
}

}  // namespace gvl::benchmarks
