/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/integer_pack.hpp"

/** Integer products by AMX: tiles of 16 rows of 64 bytes, four sums of them at a time. For integer.cpp. */
namespace gvl::ops::cpu {
namespace {

constexpr int kTileSide = 16, kTileBytes = 64;

/** What _tile_loadconfig() reads. */
struct TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  TileConfig() {
    for (int i = 0; i < 8; ++i) {
      row_bytes[i] = kTileBytes;
      rows[i] = kTileSide;
    }
  }
};

/** sums [32][32] of a strip of x's rows and one of w's; `padded` columns, a multiple of kTileBytes. */
GVL_INLINE void multiply_amx_strips(int64_t padded, const int8_t* x, const char* w, int32_t* sums) {
  constexpr int64_t kRow = kStripColumns * 4;  // bytes of packed w for four columns, and of sums
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t k = 0; k < padded; k += kTileBytes) {
    _tile_loadd(4, x + k, padded);
    _tile_loadd(5, x + k + kTileSide * padded, padded);
    _tile_loadd(6, w + k / 4 * kRow, kRow);
    _tile_loadd(7, w + k / 4 * kRow + kTileBytes, kRow);
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_stored(0, sums, kRow);
  _tile_stored(1, sums + kTileSide, kRow);
  _tile_stored(2, sums + kTileSide * kStripColumns, kRow);
  _tile_stored(3, sums + kTileSide * kStripColumns + kTileSide, kRow);
}

/** to = start + sums, scaled; start may be to. */
GVL_INLINE void add_scaled_sums(const int32_t* sums, const float* x_scales, const float* w_scales, const float* start,
                                int64_t start_stride, int64_t rows, float* to) {
  const Vector scales[] = {load(w_scales), load(w_scales + kLanes)};
  for (int64_t row = 0; row < rows; ++row) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      const int64_t place = row * kStripColumns + v * kLanes;
      const Vector product =
          __builtin_convertvector(*reinterpret_cast<const UnalignedIntVector*>(sums + place), Vector);
      store(to + place, load(start + row * start_stride + v * kLanes) + product * (scales[v] * x_scales[row]));
    }
  }
}

/** What a thread does before its products and behind them. */
GVL_INLINE void begin_products() {
  const TileConfig config;
  _tile_loadconfig(&config);
}
GVL_INLINE void end_products() { _tile_release(); }

/** sums of a strip of columns += the product of the slice that begins at `column`; the first begins with the bias. */
void multiply_slice(const IntegerProduct& p, int64_t column, int64_t first, float* sums) {
  const int64_t padded = padded_slice(smaller(kIntegerSlice, p.depth - column)), slice = column / kIntegerSlice;
  const int8_t* x = reinterpret_cast<const int8_t*>(p.x.data + slice_offset(column, p.x.rows));
  const char* w = p.w.data + slice_offset(column, p.w.rows) + first * padded;
  const float* x_scales = p.x.scales + slice * p.x.rows;
  const float* w_scales = p.w.scales + slice * p.w.rows + first;
  for (int64_t row = 0; row < p.rows; row += kStripRows, sums += kStripRows * kStripColumns) {
    alignas(64) int32_t products[kStripRows * kStripColumns];
    const int64_t place = p.first_row + row;
    multiply_amx_strips(padded, x + place * padded, w, products);
    add_scaled_sums(products, x_scales + place, w_scales, column == 0 ? p.bias + first : sums,
                    column == 0 ? 0 : kStripColumns, kStripRows, sums);
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
