/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/kernels.hpp"

/**
 * Products of many rows with quantised weights, in integers (W8A8): both operands are int8 with a scale for each row
 * and slice of kIntegerSlice columns, a slice's products are summed exactly, and slices are added in float32. Compiled
 * once for every instruction set with such dot products, as kernels.hpp says. Slices lie one behind the other; the last
 * one is filled up to a multiple of kIntegerStep columns.
 */
namespace gvl::ops::cpu {

constexpr int64_t kIntegerSlice = kInt8Block;
constexpr int64_t kIntegerStep = 64;

/** Rows of x: what of them is packed. */
struct PackedRows {
  char* data;       ///< slice by slice, row by row, element by element
  float* scales;    ///< [slices][rows]
  int32_t* starts;  ///< [slices][rows]: what a sum begins with, so that it is one of signed products
  int64_t rows;     ///< of a slice, a multiple of the strips'
};

/** Rows of w: slice by slice, strip by strip, for each four columns (of int16: two) the strip's elements. */
struct PackedWeights {
  char* data;
  float* scales;  ///< [slices][rows]
  int64_t rows;   ///< of a slice, a multiple of the strips'
};

/** One tile of y = x w^T + bias from packed operands. */
struct IntegerProduct {
  PackedRows x;
  PackedWeights w;
  int64_t first_row;      ///< the tile's place in x: a multiple of the strips'
  int64_t rows, columns;  ///< of the tile; columns from w's first row on
  int64_t depth;          ///< at least 1
  const float* bias;      ///< [columns], filled up to whole strips
  float* y;               ///< the tile's first element
  int64_t y_stride;
  float* scratch;  ///< rows, rounded up to whole strips, times w_strip floats
};

struct IntegerKernels {
  const char* name;
  int64_t x_strip;        ///< rows of a strip of a product's left operand
  int64_t w_strip;        ///< rows of a strip of its right operand
  int64_t element_bytes;  ///< of a packed element

  /** Quantises one slice of x's rows [first, last), and fills the last strip up with zeros; first is where one begins.
   */
  void (*pack_left)(const Rows& x, int64_t first, int64_t last, int64_t column, int64_t depth, const PackedRows&);
  /** Packs one slice of w's rows [first, last) (int8 or int4). Its first row is packed row 0. */
  void (*pack_right)(const Rows& w, int64_t first, int64_t last, int64_t column, int64_t depth, const PackedWeights&);
  void (*multiply)(const IntegerProduct&);
};

/**
 * The table in use: the best that this processor supports, unless a test chose another; null where products of widened
 * weights in float32 are faster.
 */
const IntegerKernels* integer_kernels();

/** The tables that this processor supports, best first, ended by null. */
const IntegerKernels* const* supported_integer_kernels();

/** For tests and benchmarks: uses this table from now on, in the whole process; null: none. */
void use_integer_kernels(const IntegerKernels* table);

}  // namespace gvl::ops::cpu
