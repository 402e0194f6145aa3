#pragma once

#include "ops/cpu/simd.hpp"

/** Packing of matrices into strips, and the register-blocked products of strips. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

GVL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
GVL_INLINE int64_t round_up(int64_t a, int64_t step) { return (a + step - 1) / step * step; }

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

/** Fills a tile from rows at p, `stride` apart. */
GVL_INLINE void load_tile(const float* p, int64_t stride, Tile& tile) {
#pragma GCC unroll 16
  for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) tile[row][v] = load(p + row * stride + v * kLanes);
  }
}

GVL_INLINE void store_tile(const Tile& tile, float* p, int64_t stride) {
#pragma GCC unroll 16
  for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) store(p + row * stride + v * kLanes, tile[row][v]);
  }
}

/** A tile of y from `start` (y itself, or the bias with stride 0) and one slice. */
__attribute__((noinline)) void multiply_tile(int64_t depth, const float* x, const float* w, const float* start,
                                             int64_t start_stride, float* y, int64_t y_stride) {
  Tile tile;
  load_tile(start, start_stride, tile);
  multiply_strips(depth, x, w, tile);
  store_tile(tile, y, y_stride);
}

/** The same at y's edges, where only `rows` x `columns` exist; `bias` (whole, or null) is used in the first slice. */
void multiply_edge(int64_t depth, const float* x, const float* w, bool is_first, const float* bias, int64_t rows,
                   int64_t columns, float* y, int64_t y_stride) {
  float whole[kTileRows * kTileColumns] = {};
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const float start = bias ? load_one(bias + column) : 0;
      whole[row * kTileColumns + column] = is_first ? start : y[row * y_stride + column];
    }
  }
  multiply_tile(depth, x, w, whole, kTileColumns, whole, kTileColumns);
  for (int64_t row = 0; row < rows; ++row) {
    __builtin_memcpy(y + row * y_stride, whole + row * kTileColumns, columns * sizeof(float));
  }
}

void multiply_slice(const Product& p, const float* x, const float* w, int64_t depth, bool is_first) {
  const float zeros[kTileColumns] = {};
  for (int64_t column = 0; column < p.columns; column += kTileColumns) {
    const int64_t columns = smaller(kTileColumns, p.columns - column);
    const float* bias = p.bias ? p.bias + column : nullptr;
    for (int64_t row = 0; row < p.rows; row += kTileRows) {
      const int64_t rows = smaller(kTileRows, p.rows - row);
      float* y = p.y + row * p.y_stride + column;
      const float *left = x + row * depth, *right = w + column * depth;
      if (rows < kTileRows || columns < kTileColumns) {
        multiply_edge(depth, left, right, is_first, bias, rows, columns, y, p.y_stride);
      } else if (is_first) {
        multiply_tile(depth, left, right, bias ? bias : zeros, 0, y, p.y_stride);
      } else {
        multiply_tile(depth, left, right, y, p.y_stride, y, p.y_stride);
      }
    }
  }
}

void multiply(const Product& p) {
  for (int64_t k = 0; k == 0 || k < p.depth; k += kSlice) {
    const int64_t depth = smaller(kSlice, p.depth - k);
    const float* x = p.x + k * p.x_rows + p.first_row * depth;
    const float* w = p.w + k * p.w_rows + p.first_column * depth;
    multiply_slice(p, x, w, depth, k == 0);
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
