/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/simd.hpp"

/** How rows of weights are read, whatever they are stored as. Only for kernels.cpp and integer.cpp. */
namespace gvl::ops::cpu {
namespace {

typedef int8_t SmallVector __attribute__((vector_size(kLanes)));
typedef int8_t UnalignedSmallVector __attribute__((vector_size(kLanes), aligned(1), may_alias));

/** Sign extension, then conversion. */
GVL_INLINE Vector int8_to_float(const char* p) {
#if defined(__AVX512F__) && !defined(GVL_LANES)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return reinterpret_cast<Vector>(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)));
#elif defined(__AVX2__) && !defined(GVL_LANES)
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  return reinterpret_cast<Vector>(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)));
#else
  const SmallVector bytes = *reinterpret_cast<const UnalignedSmallVector*>(p);
  return __builtin_convertvector(__builtin_convertvector(bytes, IntVector), Vector);
#endif
}

/** The low and the high halves of kLanes bytes, each less 8. */
GVL_INLINE void int4_to_float(const char* p, Vector& low, Vector& high) {
#if defined(__AVX512F__) && !defined(GVL_LANES)
  // A look-up takes the low four bits of each lane: neither masking nor conversion nor subtraction is left.
  const __m512 numbers = _mm512_setr_ps(-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7);
  const __m512i lanes = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  low = reinterpret_cast<Vector>(_mm512_permutexvar_ps(lanes, numbers));
  high = reinterpret_cast<Vector>(_mm512_permutexvar_ps(_mm512_srli_epi32(lanes, 4), numbers));
#else
#if defined(__AVX2__) && !defined(GVL_LANES)
  const IntVector lanes =
      reinterpret_cast<IntVector>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
#else
  const SmallVector bytes = *reinterpret_cast<const UnalignedSmallVector*>(p);
  const IntVector lanes = __builtin_convertvector(bytes, IntVector) & 0xff;
#endif
  low = __builtin_convertvector((lanes & 15) - 8, Vector);
  high = __builtin_convertvector((lanes >> 4) - 8, Vector);
#endif
}

/** int4_to_float() times `scale`. */
GVL_INLINE void int4_to_scaled(const char* p, float scale, Vector& low, Vector& high) {
#if defined(__AVX512F__) && !defined(GVL_LANES)
  const __m512 numbers = _mm512_setr_ps(-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7);
  const __m512 scaled = _mm512_mul_ps(numbers, _mm512_set1_ps(scale));
  const __m512i lanes = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  low = reinterpret_cast<Vector>(_mm512_permutexvar_ps(lanes, scaled));
  high = reinterpret_cast<Vector>(_mm512_permutexvar_ps(_mm512_srli_epi32(lanes, 4), scaled));
#else
  int4_to_float(p, low, high);
  low *= scale;
  high *= scale;
#endif
}

GVL_INLINE float scale_at(const char* p) { return BFloat16::read_one(p); }

/** Blocks of int8. */
struct Int8Blocks {
  static constexpr int64_t kBlock = kInt8Block;
  static GVL_INLINE int64_t bytes(int64_t columns) { return columns; }

  /** How many of a block's `count` weights read() gives. */
  static GVL_INLINE int64_t in_vectors(int64_t count) { return count / kLanes * kLanes; }
  /** Calls f(i, kLanes weights from i on). */
  template <class F>
  static GVL_INLINE void read(const char* block, int64_t count, F f) {
#pragma GCC unroll 8
    for (int64_t i = 0; i + kLanes <= count; i += kLanes) f(i, int8_to_float(block + i));
  }
  /** Calls f(i, kLanes weights from i on of each of kW rows, times these rows' scales). Of a whole block. */
  template <int kW, class F>
  static GVL_INLINE void read_scaled(const char* block, int64_t stride, const float* scale, F f) {
#pragma GCC unroll 2
    for (int64_t i = 0; i + kLanes <= kBlock; i += kLanes) {
      Vector weights[kW];
#pragma GCC unroll 2
      for (int j = 0; j < kW; ++j) weights[j] = int8_to_float(block + j * stride + i) * scale[j];
      f(i, weights);
    }
  }
  /** Weight i of a block of `count`. */
  static GVL_INLINE float read_one(const char* block, int64_t, int64_t i) { return static_cast<signed char>(block[i]); }
};

/** Blocks of int4. Only whole ones are read in vectors. */
struct Int4Blocks {
  static constexpr int64_t kBlock = kInt4Block, kHalf = kInt4Block / 2;
  static GVL_INLINE int64_t bytes(int64_t columns) { return columns / 2; }
  static GVL_INLINE int64_t in_vectors(int64_t count) { return count == kBlock ? kBlock : 0; }

  template <class F>
  static GVL_INLINE void read(const char* block, int64_t count, F f) {
    if (count < kBlock) return;
#pragma GCC unroll 4
    for (int64_t i = 0; i < kHalf; i += kLanes) {
      Vector low, high;
      int4_to_float(block + i, low, high);
      f(i, low);
      f(i + kHalf, high);
    }
  }
  template <int kW, class F>
  static GVL_INLINE void read_scaled(const char* block, int64_t stride, const float* scale, F f) {
#pragma GCC unroll 4
    for (int64_t i = 0; i < kHalf; i += kLanes) {
      Vector low[kW], high[kW];
#pragma GCC unroll 2
      for (int j = 0; j < kW; ++j) int4_to_scaled(block + j * stride + i, scale[j], low[j], high[j]);
      f(i, low);
      f(i + kHalf, high);
    }
  }
  static GVL_INLINE int number(const char* block, int64_t count, int64_t i) {
    const int64_t half = count / 2;
    const int byte = static_cast<unsigned char>(block[i < half ? i : i - half]);
    return (i < half ? byte & 15 : byte >> 4) - 8;
  }
  static GVL_INLINE float read_one(const char* block, int64_t count, int64_t i) {
    return static_cast<float>(number(block, count, i));
  }
};

/** Columns [column, column + count) of a row that is read in blocks; column is where a block begins. */
template <class B>
void widen_blocks(const Rows& w, int64_t row, int64_t column, int64_t count, float* y) {
  for (int64_t k = 0; k < count; k += B::kBlock) {
    const char* block = w.data + row * w.stride + B::bytes(column + k);
    const float scale = scale_at(w.scales + row * w.scale_stride + (column + k) / B::kBlock * 2);
    const int64_t here = count - k < B::kBlock ? count - k : B::kBlock;
    B::read(block, here, [&](int64_t i, Vector weights) GVL_INLINE_LAMBDA { store(y + k + i, weights * scale); });
    for (int64_t i = B::in_vectors(here); i < here; ++i) y[k + i] = B::read_one(block, here, i) * scale;
  }
}

template <class T>
void widen_numbers(const char* source, int64_t count, float* y) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(y + i, T::read(source + i * T::kBytes));
  for (; i < count; ++i) y[i] = T::read_one(source + i * T::kBytes);
}

}  // namespace
}  // namespace gvl::ops::cpu
