/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/blocks.hpp"
#include "ops/cpu/integer.hpp"

/** Quantising and packing of the operands of integer products. Only for integer.cpp. */
namespace gvl::ops::cpu {
namespace {

// What one lane of a dot product takes of a row, and how w's elements are stored. A product of unsigned and signed
// bytes gets w raised by 128; its sums begin with what that adds too much.
#if defined(__AMX_INT8__)
typedef int8_t Element;
constexpr bool kRaised = false;
constexpr int kStripRows = 32, kStripColumns = 32;
#elif defined(__AVX512VNNI__) || defined(__AVXVNNI__)
typedef int8_t Element;
constexpr bool kRaised = true;
constexpr int kStripRows = kTileRows, kStripColumns = kTileColumns;
#else
typedef int16_t Element;
constexpr bool kRaised = false;
constexpr int kStripRows = kTileRows, kStripColumns = kTileColumns;
#endif
constexpr int64_t kElements = 4 / sizeof(Element);  // of one row in a lane

GVL_INLINE int64_t padded_slice(int64_t depth) { return round_up(depth, kIntegerStep); }

/** Where what is packed of the slice that begins at `column` lies, of so many rows. */
GVL_INLINE int64_t slice_offset(int64_t column, int64_t rows) { return column * rows * int64_t(sizeof(Element)); }

/** One row of a slice; returns the sum of its integers. */
GVL_INLINE int32_t quantise_row(const float* x, int64_t depth, float inverse, Element* to) {
  constexpr float kRound = 0x1.8p23f;  // adding it leaves the integer nearest to x in the low bits
  typedef Element Narrow __attribute__((vector_size(kLanes * sizeof(Element))));
  typedef Element UnalignedNarrow __attribute__((vector_size(kLanes * sizeof(Element)), aligned(1), may_alias));
  IntVector sums = {};
  const auto convert = [&](Vector v) GVL_INLINE_LAMBDA {
    const IntVector numbers =
        (reinterpret_cast<IntVector>(v * inverse + kRound) - reinterpret_cast<IntVector>(all(kRound)));
    sums += numbers;
    return __builtin_convertvector(numbers, Narrow);
  };
  int64_t k = 0;
  for (; k + kLanes <= depth; k += kLanes) *reinterpret_cast<UnalignedNarrow*>(to + k) = convert(load(x + k));
  for (; k < padded_slice(depth); k += kLanes) {
    Vector rest = {};
    for (int64_t i = 0; i < kLanes && k + i < depth; ++i) rest[i] = x[k + i];
    *reinterpret_cast<UnalignedNarrow*>(to + k) = convert(rest);
  }
  int32_t total = 0;
  for (int i = 0; i < kLanes; ++i) total += sums[i];
  return total;
}

/** The greatest magnitude of a row's slice; not a number where one of its elements is none, or infinite. */
GVL_INLINE float magnitude(const float* x, int64_t depth) {
  Vector greatest = {}, spoiled = {};
  int64_t k = 0;
  for (; k + kLanes <= depth; k += kLanes) {
    const Vector v = load(x + k);
    greatest = max(reinterpret_cast<Vector>(reinterpret_cast<IntVector>(v) & 0x7fffffff), greatest);
    spoiled += v * 0.0f;
  }
  float result = sum(spoiled) + cpu::greatest(greatest);
  for (; k < depth; ++k) {
    const float value = x[k] < 0 ? -x[k] : x[k];
    result = (value > result ? value : result) + x[k] * 0.0f;
  }
  return result;
}

void pack_left(const Rows& x, int64_t first, int64_t last, int64_t column, int64_t depth, const PackedRows& packed) {
  const int64_t slice = column / kIntegerSlice, padded = padded_slice(depth);
  char* data = packed.data + slice_offset(column, packed.rows);
  const int64_t end = round_up(last, kStripRows);
  for (int64_t row = first; row < end; ++row) {
    Element* to = reinterpret_cast<Element*>(data) + row * padded;
    if (row >= last) {
      __builtin_memset(to, 0, padded * sizeof(Element));
      packed.scales[slice * packed.rows + row] = 0;
      packed.starts[slice * packed.rows + row] = 0;
      continue;
    }
    const float* from = reinterpret_cast<const float*>(x.data + row * x.stride) + column;
    const float greatest = magnitude(from, depth);
    const int32_t total = quantise_row(from, depth, greatest > 0x1p-100f ? 127 / greatest : 0, to);
    packed.scales[slice * packed.rows + row] = greatest / 127;
    packed.starts[slice * packed.rows + row] = kRaised ? -128 * total : 0;
  }
}

typedef int8_t Bytes16 __attribute__((vector_size(16)));
typedef float Floats16 __attribute__((vector_size(64)));
typedef int32_t Ints16 __attribute__((vector_size(64)));
typedef int8_t UnalignedBytes16 __attribute__((vector_size(16), aligned(1), may_alias));

/** A slice of a row of int4 as int8 with one scale for the slice, by a table for each block; returns the scale. */
GVL_INLINE float int4_to_int8(const char* blocks, const char* scales, int64_t depth, int8_t* to) {
  constexpr float kRound = 0x1.8p23f;
  const Floats16 numbers = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
  float greatest = 0;
  for (int64_t b = 0; b * kInt4Block < depth; ++b) {
    const float scale = scale_at(scales + 2 * b);
    greatest = scale > greatest ? scale : greatest;
  }
  const float scale = greatest * (8.0f / 127), inverse = 1 / scale;
  for (int64_t b = 0; b * kInt4Block < depth; ++b) {
    const float ratio = scale_at(scales + 2 * b) * inverse;
    const Floats16 products = numbers * ratio + kRound;
    const Bytes16 table =
        __builtin_convertvector(reinterpret_cast<Ints16>(products) - __builtin_bit_cast(int32_t, kRound), Bytes16);
    const char* block = blocks + b * kInt4Block / 2;
    int8_t* place = to + b * kInt4Block;
    const int64_t count = smaller(kInt4Block, depth - b * kInt4Block);
    if (count == kInt4Block) {
      const Bytes16 halves = *reinterpret_cast<const UnalignedBytes16*>(block);
      *reinterpret_cast<UnalignedBytes16*>(place) = __builtin_shuffle(table, halves & 15);
      *reinterpret_cast<UnalignedBytes16*>(place + 16) = __builtin_shuffle(table, (halves >> 4) & 15);
    }
    for (int64_t i = Int4Blocks::in_vectors(count); i < count; ++i) {
      place[i] = table[Int4Blocks::number(block, count, i) + 8];
    }
  }
  return scale;
}

/** A slice of a row as int8 in `to`, filled up with 0; returns its scale. */
GVL_INLINE float take_row(const Rows& w, int64_t row, int64_t column, int64_t depth, int8_t* to) {
  const char* from = w.data + row * w.stride + row_bytes(w.type, column);
  const char* scales = w.scales + row * w.scale_stride;
  __builtin_memset(to + depth, 0, padded_slice(depth) - depth);
  if (w.type == Type::kInt4) return int4_to_int8(from, scales + column / kInt4Block * 2, depth, to);
  __builtin_memcpy(to, from, depth);
  return scale_at(scales + column / kInt8Block * 2);
}

typedef int32_t UnalignedIntVector __attribute__((vector_size(kLanes * 4), aligned(1), may_alias));

/** As many lanes as a vector has, of a row's elements from p on. */
GVL_INLINE Vector lanes_of(const int8_t* p) {
  if constexpr (sizeof(Element) == 1) {
    const IntVector v = *reinterpret_cast<const UnalignedIntVector*>(p);
    return reinterpret_cast<Vector>(kRaised ? v ^ static_cast<int32_t>(0x80808080u) : v);
  } else {
    typedef int8_t Narrow __attribute__((vector_size(kLanes * 2), aligned(1), may_alias));
    typedef int16_t Wide __attribute__((vector_size(kLanes * 4)));
    typedef int8_t Source __attribute__((vector_size(kLanes * 2)));
    const Source bytes = *reinterpret_cast<const Narrow*>(p);
    return reinterpret_cast<Vector>(__builtin_convertvector(bytes, Wide));
  }
}

/** A strip of rows of int8, kIntegerSlice apart: for each lane's worth of columns the rows one behind the other. */
GVL_INLINE void interleave(const int8_t* rows, int64_t padded, char* packed) {
  for (int64_t k = 0; k < padded; k += kLanes * kElements) {
    for (int group = 0; group < kStripColumns; group += kLanes) {
      Vector v[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) v[i] = lanes_of(rows + (group + i) * kIntegerSlice + k);
      transpose(v);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        store(reinterpret_cast<float*>(packed) + (k / kElements + i) * kStripColumns + group, v[i]);
      }
    }
  }
}

void pack_right(const Rows& w, int64_t first, int64_t last, int64_t column, int64_t depth,
                const PackedWeights& packed) {
  const int64_t slice = column / kIntegerSlice, padded = padded_slice(depth);
  char* data = packed.data + slice_offset(column, packed.rows);
  for (int64_t strip = 0; strip < last - first; strip += kStripColumns) {
    int8_t rows[kStripColumns * kIntegerSlice];
    for (int64_t i = 0; i < kStripColumns; ++i) {
      int8_t* to = rows + i * kIntegerSlice;
      const bool exists = first + strip + i < last;
      if (!exists) __builtin_memset(to, 0, padded);
      packed.scales[slice * packed.rows + strip + i] = exists ? take_row(w, first + strip + i, column, depth, to) : 0;
    }
    interleave(rows, padded, data + strip * padded * int64_t(sizeof(Element)));
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
