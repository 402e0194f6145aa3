/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/simd.hpp"

/** Packing of matrices into strips, and the register-blocked products of strips. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

/** Packs kLanes columns of a strip: reads along the rows, transposes in registers. */
template <class T, int kStrip>
GVL_INLINE void pack_columns(const char* source, int64_t stride, int64_t rows, float scale, float* packed) {
  constexpr int kGroups = (kStrip + kLanes - 1) / kLanes;
  Vector v[kGroups][kLanes];
#pragma GCC unroll 4
  for (int group = 0; group < kGroups; ++group) {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      const int64_t row = group * kLanes + i;
      v[group][i] = row < kStrip && row < rows ? T::read(source + row * stride) * scale : Vector{};
    }
    transpose(v[group]);
  }
  // In the order of addresses: what a vector writes beyond its strip's row, the next one overwrites.
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
#pragma GCC unroll 4
    for (int group = 0; group < kGroups; ++group) store(packed + i * kStrip + group * kLanes, v[group][i]);
  }
}

/** One strip: packed[column][row] for kStrip rows, of which `rows` exist. */
template <class T, int kStrip>
GVL_INLINE void pack_strip(const char* source, int64_t stride, int64_t rows, int64_t depth, float scale,
                           float* packed) {
  // A strip that vectors do not divide is written beyond its end by them: the last columns go one by one.
  constexpr int64_t kSpare = kStrip % kLanes ? (kLanes + kStrip - 1) / kStrip : 0;
  int64_t column = 0;
  for (; column + kLanes + kSpare <= depth; column += kLanes) {
    pack_columns<T, kStrip>(source + column * T::kBytes, stride, rows, scale, packed + column * kStrip);
  }
  for (; column < depth; ++column) {
    for (int64_t row = 0; row < kStrip; ++row) {
      const float value = row < rows ? T::read_one(source + row * stride + column * T::kBytes) * scale : 0;
      packed[column * kStrip + row] = value;
    }
  }
}

template <class T, int kStrip>
void pack_rows(const char* source, int64_t stride, int64_t rows, int64_t depth, float scale, float* packed) {
  for (int64_t row = 0; row < rows; row += kStrip) {
    pack_strip<T, kStrip>(source + row * stride, stride, rows - row, depth, scale, packed + row * depth);
  }
}

template <int kStrip>
void pack(const Rows& source, int64_t first, int64_t last, int64_t column, int64_t depth, float* packed) {
  with_type(source.type, [&](auto type) {
    using T = decltype(type);
    const char* corner = source.data + first * source.stride + column * T::kBytes;
    pack_rows<T, kStrip>(corner, source.stride, last - first, depth, 1, packed);
  });
}

using Tile = Vector[kTileRows][kTileVectors];

/** sums += a strip of kTileRows rows times a strip of kTileColumns columns. */
GVL_INLINE void multiply_strips(int64_t depth, const float* a, const float* b, Tile& sums) {
#pragma GCC unroll 2
  for (int64_t k = 0; k < depth; ++k) {
    Vector columns[kTileVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) columns[v] = load(b + k * kTileColumns + v * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < kTileRows; ++row) {
      const Vector factor = all(a[k * kTileRows + row]);
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; ++v) sums[row][v] += factor * columns[v];
    }
  }
}

/** tile += rows at p, `stride` apart. */
GVL_INLINE void add_rows(const float* p, int64_t stride, Tile& tile) {
#pragma GCC unroll 16
  for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) tile[row][v] += load(p + row * stride + v * kLanes);
  }
}

GVL_INLINE void store_tile(const Tile& tile, float* p, int64_t stride) {
#pragma GCC unroll 16
  for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) store(p + row * stride + v * kLanes, tile[row][v]);
  }
}

/** sums = start + one slice's product; start may be sums. */
__attribute__((noinline)) void multiply_tile(int64_t depth, const float* x, const float* w, const float* start,
                                             int64_t start_stride, float* sums, int64_t stride) {
  // The slice is summed from zero: short sums, added in the end, keep more digits than a long one.
  Tile tile = {};
  multiply_strips(depth, x, w, tile);
  add_rows(start, start_stride, tile);
  store_tile(tile, sums, stride);
}

/**
 * Sums wait in the scratch between slices: rows of y are often a power of two apart, and would push each other out of
 * the cache.
 */
void multiply_slice(const Product& p, const float* x, const float* w, int64_t depth, bool is_first, bool is_last) {
  const int64_t padded_rows = round_up(p.rows, kTileRows);
  for (int64_t column = 0; column < p.columns; column += kTileColumns) {
    const int64_t columns = smaller(kTileColumns, p.columns - column);
    float bias[kTileColumns] = {};
    if (p.bias) __builtin_memcpy(bias, p.bias + column, columns * sizeof(float));
    for (int64_t row = 0; row < p.rows; row += kTileRows) {
      const int64_t rows = smaller(kTileRows, p.rows - row);
      const bool goes_to_y = is_last && rows == kTileRows && columns == kTileColumns;
      float* sums = p.scratch + column * padded_rows + row * kTileColumns;
      float* y = p.y + row * p.y_stride + column;
      multiply_tile(depth, x + row * depth, w + column * depth, is_first ? bias : sums, is_first ? 0 : kTileColumns,
                    goes_to_y ? y : sums, goes_to_y ? p.y_stride : kTileColumns);
      for (int64_t i = 0; is_last && !goes_to_y && i < rows; ++i) {
        __builtin_memcpy(y + i * p.y_stride, sums + i * kTileColumns, columns * sizeof(float));
      }
    }
  }
}

void multiply(const Product& p) {
  for (int64_t k = 0; k == 0 || k < p.depth; k += kSlice) {
    const int64_t depth = smaller(kSlice, p.depth - k);
    const float* x = p.x + k * p.x_rows + p.first_row * depth;
    const float* w = p.w + k * p.w_rows + p.first_column * depth;
    multiply_slice(p, x, w, depth, k == 0, k + depth == p.depth);
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
