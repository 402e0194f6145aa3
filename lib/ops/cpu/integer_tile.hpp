/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/integer_pack.hpp"

/** Register-blocked integer products: VNNI's dot products of bytes, or AVX2's of pairs of int16. For integer.cpp. */
namespace gvl::ops::cpu {
namespace {

/** sums + the products of each lane's elements. */
GVL_INLINE IntVector add_dots(IntVector sums, IntVector w, IntVector x) {
#if defined(__AVX512VNNI__)
  return reinterpret_cast<IntVector>(
      _mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(w), reinterpret_cast<__m512i>(x)));
#elif defined(__AVXVNNI__)
  return reinterpret_cast<IntVector>(_mm256_dpbusd_avx_epi32(
      reinterpret_cast<__m256i>(sums), reinterpret_cast<__m256i>(w), reinterpret_cast<__m256i>(x)));
#else
  return sums +
         reinterpret_cast<IntVector>(_mm256_madd_epi16(reinterpret_cast<__m256i>(w), reinterpret_cast<__m256i>(x)));
#endif
}

using IntegerTile = IntVector[kTileRows][kTileVectors];

GVL_INLINE void multiply_integer_strips(int64_t padded, const Element* x, const char* w, const int32_t* starts,
                                        IntegerTile& sums) {
#pragma GCC unroll 16
  for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) sums[row][v] = starts[row] - IntVector{};
  }
#pragma GCC unroll 2
  for (int64_t k = 0; k < padded; k += kElements) {
    IntVector columns[kTileVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) {
      columns[v] = *reinterpret_cast<const UnalignedIntVector*>(w + (k / kElements * kTileColumns + v * kLanes) * 4);
    }
#pragma GCC unroll 16
    for (int row = 0; row < kTileRows; ++row) {
      int32_t lane;
      __builtin_memcpy(&lane, x + row * padded + k, sizeof lane);
      const IntVector factor = lane - IntVector{};
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; ++v) sums[row][v] = add_dots(sums[row][v], columns[v], factor);
    }
  }
}

/** sums = start + one slice's product; start may be sums. */
__attribute__((noinline)) void multiply_integer_tile(int64_t padded, const Element* x, const char* w,
                                                     const int32_t* starts, const float* x_scales,
                                                     const float* w_scales, const float* start, int64_t start_stride,
                                                     float* sums) {
  IntegerTile tile;
  multiply_integer_strips(padded, x, w, starts, tile);
  Vector scales[kTileVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kTileVectors; ++v) scales[v] = load(w_scales + v * kLanes);
#pragma GCC unroll 16
  for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) {
      const Vector product = __builtin_convertvector(tile[row][v], Vector);
      store(sums + row * kTileColumns + v * kLanes,
            load(start + row * start_stride + v * kLanes) + product * (scales[v] * x_scales[row]));
    }
  }
}

/** What a thread does before its products and behind them. */
GVL_INLINE void begin_products() {}
GVL_INLINE void end_products() {}

/** sums of a strip of columns += the product of the slice that begins at `column`; the first begins with the bias. */
void multiply_slice(const IntegerProduct& p, int64_t column, int64_t first, float* sums) {
  const int64_t padded = padded_slice(smaller(kIntegerSlice, p.depth - column)), slice = column / kIntegerSlice;
  const Element* x = reinterpret_cast<const Element*>(p.x.data + slice_offset(column, p.x.rows));
  const char* w = p.w.data + slice_offset(column, p.w.rows) + first * padded * int64_t(sizeof(Element));
  const float* x_scales = p.x.scales + slice * p.x.rows;
  const float* w_scales = p.w.scales + slice * p.w.rows + first;
  const int32_t* starts = p.x.starts + slice * p.x.rows;
  for (int64_t row = 0; row < p.rows; row += kTileRows, sums += kTileRows * kTileColumns) {
    const int64_t place = p.first_row + row;
    multiply_integer_tile(padded, x + place * padded, w, starts + place, x_scales + place, w_scales,
                          column == 0 ? p.bias + first : sums, column == 0 ? 0 : kTileColumns, sums);
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
