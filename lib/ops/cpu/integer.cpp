/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Compiled once for every instruction set, with GVL_KERNELS the name of the table that it makes: see integer.hpp.
#include "ops/cpu/integer.hpp"

#include "ops/cpu/integer_pack.hpp"
#if defined(__AMX_INT8__)
#include "ops/cpu/integer_amx.hpp"
#else
#include "ops/cpu/integer_tile.hpp"
#endif

#define GVL_TEXT_OF(name) #name
#define GVL_TEXT(name) GVL_TEXT_OF(name)

namespace gvl::ops::cpu {

extern const IntegerKernels GVL_KERNELS;

namespace {

/** A strip of columns at a time, whose sums wait in the scratch between slices, for the reason that tile.hpp has. */
void multiply_integers(const IntegerProduct& p) {
  begin_products();
  for (int64_t first = 0; first < p.columns; first += kStripColumns) {
    for (int64_t column = 0; column < p.depth; column += kIntegerSlice) multiply_slice(p, column, first, p.scratch);
    const int64_t bytes = smaller(kStripColumns, p.columns - first) * int64_t(sizeof(float));
    for (int64_t row = 0; row < p.rows; ++row) {
      __builtin_memcpy(p.y + row * p.y_stride + first, p.scratch + row * kStripColumns, bytes);
    }
  }
  end_products();
}

}  // namespace

const IntegerKernels GVL_KERNELS = {
    .name = GVL_TEXT(GVL_KERNELS),
    .x_strip = kStripRows,
    .w_strip = kStripColumns,
    .element_bytes = sizeof(Element),
    .pack_left = pack_left,
    .pack_right = pack_right,
    .multiply = multiply_integers,
};

}  // namespace gvl::ops::cpu
