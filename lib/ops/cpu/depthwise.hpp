/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/simd.hpp"

/** Convolution of each channel by itself. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

/** The rows or columns [first, last) of a kernel that lie within a picture of `size`, where its first lies at `start`.
 */
struct Inside {
  Inside(int64_t start, int64_t side, int64_t size)
      : first(start < 0 ? -start : 0), last(smaller(side, size - start)) {}

  int64_t first, last;
};

/** One pixel of the result, whose kernel begins at row `top` and column `left` of `picture`. */
void depthwise_pixel(const Depthwise& d, const float* picture, int64_t top, int64_t left, float* y) {
  const Inside rows(top, d.side, d.height), columns(left, d.side, d.width);
  const auto channels_at = [&](int64_t c) {
    Vector sum = d.bias ? load(d.bias + c) : Vector{};
    for (int64_t row = rows.first; row < rows.last; ++row) {
      const float* x = picture + ((top + row) * d.width + left) * d.channels + c;
      const float* w = d.w + row * d.side * d.channels + c;
      for (int64_t column = columns.first; column < columns.last; ++column) {
        sum += load(x + column * d.channels) * load(w + column * d.channels);
      }
    }
    store(y + c, max(sum * d.leak, sum));
  };
  int64_t c = 0;
  for (; c + kLanes <= d.channels; c += kLanes) channels_at(c);
  // The last vector begins where it ends with the last channel.
  if (c < d.channels) channels_at(d.channels - kLanes);
}

/** Of fewer channels than a vector has. */
void depthwise_few(const Depthwise& d, const float* picture, int64_t top, int64_t left, float* y) {
  const Inside rows(top, d.side, d.height), columns(left, d.side, d.width);
  for (int64_t c = 0; c < d.channels; ++c) {
    float sum = d.bias ? d.bias[c] : 0;
    for (int64_t row = rows.first; row < rows.last; ++row) {
      for (int64_t column = columns.first; column < columns.last; ++column) {
        sum += picture[((top + row) * d.width + left + column) * d.channels + c] *
               d.w[(row * d.side + column) * d.channels + c];
      }
    }
    y[c] = sum * d.leak > sum ? sum * d.leak : sum;
  }
}

void depthwise(const Depthwise& d) {
  const auto pixel_of = d.channels < kLanes ? depthwise_few : depthwise_pixel;
  for (int64_t row = d.first; row < d.last; ++row) {
    const float* picture = d.x + row / d.out_height * d.height * d.width * d.channels;
    const int64_t top = row % d.out_height * d.stride - d.side / 2;
    for (int64_t column = 0; column < d.out_width; ++column) {
      pixel_of(d, picture, top, column * d.stride - d.side / 2, d.y + (row * d.out_width + column) * d.channels);
    }
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
