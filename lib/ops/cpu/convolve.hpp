/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/simd.hpp"
#include "ops/cpu/tile.hpp"

/** Convolution where pictures lie, a tile of pixels by output channels at a time. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

/** What the pixels of a tile see: of each row of the kernel, `width * in` values for each pixel. */
struct TileView {
  const float* rows[kLongestKernel][kTileRows];
};

/** The part of one row of the picture that a kernel at `left` sees; in `room` where it reaches beyond an edge. */
const float* window(const Convolve& c, const float* picture, int64_t row, int64_t left, float* room) {
  const int64_t in = c.in, side = c.side;
  if (row >= 0 && row < c.height && left >= 0 && left + side <= c.width) return picture + (row * c.width + left) * in;
  for (int64_t i = 0; i < side; ++i) {
    const bool inside = row >= 0 && row < c.height && left + i >= 0 && left + i < c.width;
    for (int64_t k = 0; k < in; ++k) room[i * in + k] = inside ? picture[(row * c.width + left + i) * in + k] : 0;
  }
  return room;
}

/** The view of pixels first ... first + count - 1 of the result, row by row; those that there are not see the first. */
void look(const Convolve& c, int64_t first, int64_t count, TileView& view) {
  const int64_t out_pixels = c.out_height * c.out_width, room = c.side * c.in;
  for (int64_t i = 0; i < kTileRows; ++i) {
    const int64_t pixel = first + (i < count ? i : 0), at = pixel % out_pixels;
    const int64_t top = at / c.out_width * c.stride - c.side / 2, left = at % c.out_width * c.stride - c.side / 2;
    const float* picture = c.x + pixel / out_pixels * c.height * c.width * c.in;
    for (int64_t row = 0; row < c.side; ++row) {
      view.rows[row][i] = window(c, picture, top + row, left, c.scratch + (row * kTileRows + i) * room);
    }
  }
}

/** kVectors vectors of output channels of the tile's pixels: y [kTileRows][kVectors * kLanes]. */
template <int kVectors>
__attribute__((noinline)) void convolve_tile(const TileView& view, int64_t side, int64_t depth, const float* w,
                                             const float* bias, float leak, float* y) {
  Vector sums[kTileRows][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[i][v] = load(bias + v * kLanes);
  }
  for (int64_t row = 0; row < side; ++row) {
    const float* x[kTileRows];
#pragma GCC unroll 16
    for (int i = 0; i < kTileRows; ++i) x[i] = view.rows[row][i];
    for (int64_t k = 0; k < depth; ++k, w += kKernelStrip) {
      Vector columns[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) columns[v] = load(w + v * kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < kTileRows; ++i) {
        const Vector factor = all(x[i][k]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[i][v] += factor * columns[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) store(y + (i * kVectors + v) * kLanes, max(sums[i][v] * leak, sums[i][v]));
  }
}

/** Channels `column` ... of the tile's pixels; a strip's columns beyond `out` are not written. */
template <int kVectors>
void convolve_columns(const Convolve& c, const TileView& view, int64_t first, int64_t count, int64_t column) {
  const int64_t strip = column / kKernelStrip, within = column % kKernelStrip;
  const float* w = c.w + strip * kKernelStrip * c.side * c.side * c.in + within;
  float bias[kVectors * kLanes] = {}, y[kTileRows * kVectors * kLanes];
  const int64_t columns = smaller(kVectors * kLanes, c.out - column);
  if (c.bias) __builtin_memcpy(bias, c.bias + column, columns * sizeof(float));
  convolve_tile<kVectors>(view, c.side, c.side * c.in, w, bias, c.leak, y);
  for (int64_t i = 0; i < count; ++i) {
    __builtin_memcpy(c.y + (first + i) * c.out + column, y + i * kVectors * kLanes, columns * sizeof(float));
  }
}

void convolve(const Convolve& c) {
  for (int64_t pixel = c.first; pixel < c.last; pixel += kTileRows) {
    const int64_t count = smaller(kTileRows, c.last - pixel);
    TileView view;
    look(c, pixel, count, view);
    int64_t column = 0;
    for (; column + kLanes < c.out; column += 2 * kLanes) convolve_columns<2>(c, view, pixel, count, column);
    if (column < c.out) convolve_columns<1>(c, view, pixel, count, column);
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
