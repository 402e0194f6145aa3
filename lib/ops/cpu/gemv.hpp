/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/blocks.hpp"
#include "ops/cpu/tile.hpp"

/** GEMV: products of a few rows with a matrix that is read once, as it lies in memory. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

constexpr int kGemvRows = 8;

/** dots[r] += x[r] . w for kRows rows of x. With few rows, each has several partial sums, to keep the adders busy. */
template <class T, int kRows>
GVL_INLINE void dot_rows(const float* x, int64_t x_stride, const char* w, int64_t depth, float* dots) {
  constexpr int kSums = kRows <= 2 ? 4 : kRows <= 4 ? 2 : 1;
  Vector sums[kRows][kSums] = {};
  int64_t k = 0;
  for (; k + kSums * kLanes <= depth; k += kSums * kLanes) {
#pragma GCC unroll 4
    for (int s = 0; s < kSums; ++s) {
      const Vector weights = T::read(w + (k + s * kLanes) * T::kBytes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r][s] += load(x + r * x_stride + k + s * kLanes) * weights;
    }
  }
  for (; k + kLanes <= depth; k += kLanes) {
    const Vector weights = T::read(w + k * T::kBytes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r][0] += load(x + r * x_stride + k) * weights;
  }
  Vector totals[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int s = 1; s < kSums; ++s) sums[r][0] += sums[r][s];
    totals[r] = sums[r][0];
  }
  if constexpr (kRows > 2) {
    add_sums<kRows>(totals, dots);
  } else {
    for (int r = 0; r < kRows; ++r) dots[r] += sum(totals[r]);
  }
  for (; k < depth; ++k) {
    const float weight = T::read_one(w + k * T::kBytes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) dots[r] += x[r * x_stride + k] * weight;
  }
}

constexpr int64_t kMostStretch = 4096;  // columns that are read together, of one row of x

/** sums of kRows rows of x, a block's product with its scale each. */
template <class B, int kRows>
GVL_INLINE void add_block(const float* x, int64_t x_stride, const char* w, float scale, Vector (&totals)[kRows]) {
  Vector sums[kRows] = {};
  B::read(w, B::kBlock, [&](int64_t i, Vector weights) GVL_INLINE_LAMBDA {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r] += load(x + r * x_stride + i) * weights;
  });
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) totals[r] += sums[r] * scale;
  // The processor's own reading ahead ends with each page, and does not see far enough past so many instructions.
  constexpr int64_t kAhead = 2048;
  if constexpr (kRows <= 2) {
    for (int64_t i = 0; i < B::bytes(B::kBlock); i += 64) __builtin_prefetch(w + kAhead + i, 0, 2);
  }
}

/** A last, shorter block. */
template <class B, int kRows>
GVL_INLINE void add_rest(const float* x, int64_t x_stride, const char* w, int64_t count, float scale, float* dots) {
  Vector sums[kRows] = {};
  B::read(w, count, [&](int64_t i, Vector weights) GVL_INLINE_LAMBDA {
    for (int r = 0; r < kRows; ++r) sums[r] += load(x + r * x_stride + i) * weights;
  });
  for (int r = 0; r < kRows; ++r) dots[r] += sum(sums[r]) * scale;
  for (int64_t i = B::in_vectors(count); i < count; ++i) {
    const float weight = B::read_one(w, count, i) * scale;
    for (int r = 0; r < kRows; ++r) dots[r] += x[r * x_stride + i] * weight;
  }
}

/** dot_rows() of blocks with scales, from a block's begin on, at most kMostStretch columns. */
template <class B, int kRows>
GVL_INLINE void dot_blocks(const float* x, int64_t x_stride, const char* w, const char* scales, int64_t depth,
                           float* dots) {
  // With few rows two sums, to keep the adders busy.
  constexpr int kSums = kRows <= 2 ? 2 : 1;
  float factors[kMostStretch / B::kBlock];
  widen_numbers<BFloat16>(scales, (depth + B::kBlock - 1) / B::kBlock, factors);
  Vector totals[kSums][kRows] = {};
  int64_t k = 0;
  for (; k + kSums * B::kBlock <= depth; k += kSums * B::kBlock) {
#pragma GCC unroll 2
    for (int s = 0; s < kSums; ++s) {
      const int64_t place = k + s * B::kBlock;
      add_block<B, kRows>(x + place, x_stride, w + B::bytes(place), factors[place / B::kBlock], totals[s]);
    }
  }
  if (k + B::kBlock <= depth) {
    add_block<B, kRows>(x + k, x_stride, w + B::bytes(k), factors[k / B::kBlock], totals[0]);
    k += B::kBlock;
  }
  if (k < depth) add_rest<B, kRows>(x + k, x_stride, w + B::bytes(k), depth - k, factors[k / B::kBlock], dots);
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    if (kSums == 2) totals[0][r] += totals[kSums - 1][r];
    dots[r] += sum(totals[0][r]);
  }
}

/**
 * dot_blocks() of kRows rows of x, more than two, with kW rows of w at a time: what is loaded of x serves all of them.
 * Weights are multiplied by their scales, which are fewer operations than multiplying sums of each row of x.
 */
template <class B, int kRows, int kW>
GVL_INLINE void dot_scaled(const float* x, int64_t x_stride, const char* w, int64_t w_stride, const char* scales,
                           int64_t scale_stride, int64_t depth, float (*dots)[kRows]) {
  float factors[kW][kMostStretch / B::kBlock];
  for (int j = 0; j < kW; ++j) {
    widen_numbers<BFloat16>(scales + j * scale_stride, (depth + B::kBlock - 1) / B::kBlock, factors[j]);
  }
  Vector totals[kW][kRows] = {};
  int64_t k = 0;
  for (; k + B::kBlock <= depth; k += B::kBlock) {
    float scale[kW];
    for (int j = 0; j < kW; ++j) scale[j] = factors[j][k / B::kBlock];
    B::template read_scaled<kW>(w + B::bytes(k), w_stride, scale,
                                [&](int64_t i, const Vector* weights) GVL_INLINE_LAMBDA {
#pragma GCC unroll 8
                                  for (int r = 0; r < kRows; ++r) {
                                    const Vector of_x = load(x + r * x_stride + k + i);
#pragma GCC unroll 2
                                    for (int j = 0; j < kW; ++j) totals[j][r] += of_x * weights[j];
                                  }
                                });
  }
#pragma GCC unroll 2
  for (int j = 0; j < kW; ++j) {
    if (k < depth) {
      add_rest<B, kRows>(x + k, x_stride, w + j * w_stride + B::bytes(k), depth - k, factors[j][k / B::kBlock],
                         dots[j]);
    }
    add_sums<kRows>(totals[j], dots[j]);
  }
}

/** What gemv_rows has to know of a stored type: kStep columns are read together, of kW rows of w. */
template <class T>
struct Numbers {
  static constexpr int64_t kStep = 64;
  template <int kRows>
  static constexpr int kW = 1;
  static GVL_INLINE int64_t bytes(int64_t columns) { return columns * T::kBytes; }
  template <int kRows, int>
  static GVL_INLINE void dot(const float* x, int64_t x_stride, const Rows&, int64_t, int64_t, const char* w,
                             int64_t columns, float (*dots)[kRows]) {
    dot_rows<T, kRows>(x, x_stride, w, columns, dots[0]);
  }
};

template <class B>
struct Blocks {
  static constexpr int64_t kStep = kInt8Block;
  static_assert(kStep % B::kBlock == 0);
  static GVL_INLINE int64_t bytes(int64_t columns) { return B::bytes(columns); }
  template <int kRows>
  static constexpr int kW = kRows > 2 && 2 * kRows + 6 <= kRegisters ? 2 : 1;
  template <int kRows, int kCount>
  static GVL_INLINE void dot(const float* x, int64_t x_stride, const Rows& rows, int64_t row, int64_t column,
                             const char* w, int64_t columns, float (*dots)[kRows]) {
    const char* scales = rows.scales + row * rows.scale_stride + column / B::kBlock * 2;
    if constexpr (kRows > 2) {
      dot_scaled<B, kRows, kCount>(x, x_stride, w, rows.stride, scales, rows.scale_stride, columns, dots);
    } else {
      dot_blocks<B, kRows>(x, x_stride, w, scales, columns, dots[0]);
    }
  }
};

/** Asks for memory that will be read soon. */
GVL_INLINE void prefetch(const char* p, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(p + i, 0, 2);
}

/** Rows [first, last) of w, some at a time, in stretches of columns for which x stays in the first-level cache. */
template <class T, int kRows>
void gemv_rows(const Gemv& p, const float* x, float* y, int64_t first, int64_t last) {
  constexpr int64_t kBlock = 32, kAhead = 2, kStretch = kMostStretch / kRows / T::kStep * T::kStep;
  for (int64_t n = first; n < last; n += kBlock) {
    const int64_t count = smaller(kBlock, last - n);
    float dots[kBlock][kRows];
    for (int64_t i = 0; i < count; ++i) {
      for (int r = 0; r < kRows; ++r) dots[i][r] = p.bias ? load_one(p.bias + n + i) : 0;
    }
    for (int64_t k = 0; k < p.depth; k += kStretch) {
      const int64_t columns = smaller(kStretch, p.depth - k);
      constexpr int kW = T::template kW<kRows>;
      for (int64_t i = 0; i < count;) {
        const char* w = p.w.data + (n + i) * p.w.stride + T::bytes(k);
        // Stretches are too short for the processor to see their pattern in time.
        for (int64_t j = kAhead; kRows > 2 && j < kAhead + kW && i + j < count; ++j) {
          prefetch(w + j * p.w.stride, T::bytes(columns));
        }
        if (i + kW <= count) {
          T::template dot<kRows, kW>(x + k, p.x_stride, p.w, n + i, k, w, columns, dots + i);
          i += kW;
        } else {
          T::template dot<kRows, 1>(x + k, p.x_stride, p.w, n + i, k, w, columns, dots + i);
          ++i;
        }
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      for (int r = 0; r < kRows; ++r) y[r * p.y_stride + n + i] = dots[i][r];
    }
  }
}

template <int kValue>
struct Constant {
  static constexpr int value = kValue;
};

/** Calls f with the number, 1 ... kGemvRows, as a constant. */
template <int kCount = kGemvRows, class F>
GVL_INLINE void with_rows(int64_t rows, F f) {
  if (rows == kCount) {
    f(Constant<kCount>());
  } else if constexpr (kCount > 1) {
    with_rows<kCount - 1>(rows, f);
  }
}

/** Calls f with how a type is read. */
template <class F>
GVL_INLINE void with_weights(Type type, F f) {
  if (type == Type::kInt8) {
    f(Blocks<Int8Blocks>());
  } else if (type == Type::kInt4) {
    f(Blocks<Int4Blocks>());
  } else {
    with_type(type, [&](auto reader) { f(Numbers<decltype(reader)>()); });
  }
}

void gemv(const Gemv& p) {
  // So much of w stays in the cache while groups of x's rows pass over it.
  constexpr int64_t kBytes = 128 << 10;
  const int64_t block = p.rows <= kGemvRows ? p.last - p.first : 1 + kBytes / (row_bytes(p.w.type, p.depth) + 1);
  for (int64_t n = p.first; n < p.last; n += block) {
    for (int64_t row = 0; row < p.rows; row += kGemvRows) {
      with_weights(p.w.type, [&](auto type) {
        with_rows(smaller(kGemvRows, p.rows - row), [&](auto rows) {
          const int64_t last = smaller(n + block, p.last);
          gemv_rows<decltype(type), decltype(rows)::value>(p, p.x + row * p.x_stride, p.y + row * p.y_stride, n, last);
        });
      });
    }
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
