/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

/**
 * The kernels behind ops.hpp on a CPU. kernels.cpp is compiled once for every instruction set; each compilation gives
 * one table of functions, and the best that the processor supports is chosen at run time. So that no code for a wide
 * instruction set can leak into the rest of the program, the kernels take raw pointers, use neither the standard
 * library nor LibTorch, and are hidden in anonymous namespaces. A kernel runs on one thread; the callers spread calls
 * over threads. Sizes and strides count elements unless said otherwise. No pointer needs any alignment.
 */
namespace gvl::ops::cpu {

/** The stored type of a matrix; it is widened to float32 when it is read. */
enum class Type { kFloat32, kBFloat16, kFloat16, kInt8, kInt4 };
constexpr int64_t kInt8Block = 128;  ///< weights of a row that share a scale
constexpr int64_t kInt4Block = 32;   ///< likewise; its bytes as in ops::quantise()

inline bool has_scales(Type type) { return type == Type::kInt8 || type == Type::kInt4; }

/** Bytes of a row of so many elements. */
inline int64_t row_bytes(Type type, int64_t elements) {
  if (has_scales(type)) return type == Type::kInt8 ? elements : elements / 2;
  return elements * (type == Type::kFloat32 ? 4 : 2);
}

/** Rows of a matrix with contiguous elements. */
struct Rows {
  const char* data;
  int64_t stride;  ///< in bytes
  Type type;
  const char* scales = nullptr;  ///< bfloat16 of each block of a row, of types that have them
  int64_t scale_stride = 0;      ///< in bytes
};

/**
 * One tile of y = x w^T + bias from packed operands. Both are cut along `depth` into slices of at most kSlice, and a
 * slice is a sequence of strips (see Kernels::pack).
 */
struct Product {
  const float *x, *w;               ///< the packed operands
  int64_t x_rows, w_rows;           ///< that are packed: a slice holds this times its depth
  int64_t first_row, first_column;  ///< the tile's place: rows of packed x and of packed w, multiples of the strips'
  int64_t rows, columns;            ///< of the tile
  int64_t depth;
  const float* bias;  ///< [columns] or null
  float* y;           ///< the tile's first element
  int64_t y_stride;
  float* scratch;  ///< rows * columns floats, both rounded up to whole strips
};
constexpr int64_t kSlice = 256;

/** A few rows at a time: y[m][n] = x[m] . w[n] + bias[n] for all `rows` of x and w's rows `first` <= n < `last`. */
struct Gemv {
  const float* x;
  int64_t x_stride, rows, depth;
  Rows w;
  const float* bias;  ///< [out] or null
  float* y;
  int64_t y_stride, first, last;
};

/**
 * Pixels [first, last) of a convolution's result, counted over all pictures. Pictures are rows of pixels, pixels are
 * rows of channels. w: strips of kKernelStrip output channels, filled up with zeros; in a strip for each of the
 * kernel's rows, columns and input channels a row of the strip's weights.
 */
struct Convolve {
  const float* x;
  int64_t height, width, in;
  const float* w;
  int64_t side;  ///< of the kernel, odd, at most kLongestKernel
  int64_t stride;
  const float* bias;  ///< [out] or null
  float leak;         ///< what is negative is multiplied by this, 0-1
  float* y;
  int64_t out_height, out_width, out, first, last;
  float* scratch;  ///< Kernels::x_strip * side * side * in floats
};
constexpr int64_t kKernelStrip = 32;
constexpr int64_t kLongestKernel = 7;

/**
 * Rows [first, last) of the result of a convolution of each channel by itself, counted over all pictures, which lie as
 * for Convolve. w: for each of the kernel's rows and columns the weights of all channels.
 */
struct Depthwise {
  const float* x;
  int64_t height, width, channels;
  const float* w;
  int64_t side;  ///< of the kernel, odd
  int64_t stride;
  const float* bias;  ///< [channels] or null
  float leak;         ///< what is negative is multiplied by this, 0-1
  float* y;
  int64_t out_height, out_width, first, last;
};

/** Attention of `queries` consecutive queries of one head to its packed keys and values (see pack_keys_values). */
struct AttendTile {
  const float* keys_values;
  int64_t keys;          ///< that exist
  int64_t visible;       ///< keys that the first query sees; each further query sees `visible_step` more
  int64_t visible_step;  ///< 1: causal, 0: all queries see all keys
  int64_t head_size;
  const float* q;
  int64_t q_stride, queries;
  float scale;
  float* out;
  int64_t out_stride;
  bool is_partial;  ///< out gets what AttendRange::partial does, else the attention
  float* scratch;   ///< Kernels::attend_scratch() floats
};
/** Keys are packed in blocks of this many. */
constexpr int64_t kKeyBlock = 192;

/**
 * Attention of a few queries to a range of keys, for the heads [0, heads) of k and v, read where they lie. Every head
 * of k serves `group` rows of q. The results are partial: see merge_ranges.
 */
struct AttendRange {
  Rows k, v;               ///< of key 0 and head 0; stride: from key to key
  int64_t k_head, v_head;  ///< bytes from head to head
  int64_t heads, group, head_size;
  int64_t first, last;     ///< keys
  const int64_t* visible;  ///< [heads * group]: keys that each row sees
  const float* q;          ///< [heads * group][head_size]
  float scale;
  float* partial;          ///< [heads * group][head_size + 2]: weighted sum of v, greatest score, sum of weights
  int64_t partial_stride;  ///< from row to row
  float* scratch;          ///< Kernels::range_scratch() floats
};
constexpr int64_t kGroup = 8;  ///< at most so many rows of q for each head of k

/** Partial results of one row: `count` of them, `stride` floats apart. */
struct PartialRanges {
  const float* first;
  int64_t count, stride;
};

struct Kernels {
  const char* name;
  int64_t x_strip;  ///< rows of a strip of a product's left operand
  int64_t w_strip;  ///< rows of a strip of its right operand

  /**
   * Packs rows [first, last) of a matrix into strips of x_strip (left) or w_strip (right) rows: strip by strip, for
   * each of `depth` columns the strip's elements; the last strip is filled up with zeros. Not of types with scales.
   */
  void (*pack_left)(const Rows& source, int64_t first, int64_t last, int64_t column, int64_t depth, float* packed);
  void (*pack_right)(const Rows& source, int64_t first, int64_t last, int64_t column, int64_t depth, float* packed);
  void (*multiply)(const Product&);
  void (*gemv)(const Gemv&);
  void (*convolve)(const Convolve&);
  void (*depthwise)(const Depthwise&);

  /** Floats of one packed block of keys and values. */
  int64_t (*key_block_size)(int64_t head_size);
  void (*pack_keys_values)(const Rows& k, const Rows& v, int64_t keys, int64_t head_size, float* packed);
  int64_t (*attend_scratch)(int64_t queries, int64_t head_size);
  void (*attend_tile)(const AttendTile&);
  int64_t (*range_scratch)(int64_t heads, int64_t group, int64_t keys);
  void (*attend_range)(const AttendRange&);
  /** Combines `count` lists of partial results of a row into out[head_size]. */
  void (*merge_ranges)(const PartialRanges* ranges, int64_t count, int64_t head_size, float* out);

  void (*rms_norm)(const float* x, const float* weight, float eps, int64_t rows, int64_t size, float* y);
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps, int64_t rows, int64_t size,
                     float* y);
  void (*gelu)(const float* x, int64_t size, float* y);
  void (*quick_gelu)(const float* x, int64_t size, float* y);
  void (*silu_and_multiply)(const float* gate, const float* up, int64_t size, float* y);
  void (*add_scaled)(const float* x, const float* y, const float* scale, int64_t size, float* sum);
  /** One head of one token. */
  void (*rotary)(const float* x, const float* cos, const float* sin, int64_t half, float* y);
  /** Columns [column, column + count) of a row of any type; column is where a block begins. */
  void (*widen)(const Rows& w, int64_t row, int64_t column, int64_t count, float* y);
};

/** The table in use: the best that this processor supports, unless a test chose another. */
const Kernels& kernels();

/** The tables that this processor supports, best first, ended by null. */
const Kernels* const* supported_kernels();

/** For tests: uses this table from now on, in the whole process; null: the best. */
void use_kernels(const Kernels* table);

}  // namespace gvl::ops::cpu
