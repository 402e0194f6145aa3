/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "ops/cpu/kernels.hpp"

/** Vectors of the instruction set that this file is compiled for. Only for kernels.cpp: see kernels.hpp. */
namespace gvl::ops::cpu {
namespace {

#define GVL_INLINE inline __attribute__((always_inline))
#define GVL_INLINE_LAMBDA __attribute__((always_inline))

// Lanes of a vector (the tests set GVL_LANES to 16, to run the code for AVX-512 on any processor), and the tile of a
// matrix product that fills the registers: kTileRows x (kTileVectors * kLanes).
#if defined(GVL_LANES)
constexpr int kLanes = GVL_LANES;
#elif defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
#if defined(__AVX512F__) || defined(__aarch64__) || defined(GVL_LANES)
constexpr int kTileRows = 8, kTileVectors = 3;
#elif defined(__AVX__)
constexpr int kTileRows = 6, kTileVectors = 2;
#else
constexpr int kTileRows = 4, kTileVectors = 2;
#endif
constexpr int kTileColumns = kTileVectors * kLanes;
#if defined(__AVX512F__) || defined(__aarch64__) || defined(GVL_LANES)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

typedef float Vector __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntVector __attribute__((vector_size(kLanes * 4)));
typedef uint16_t HalfVector __attribute__((vector_size(kLanes * 2)));
typedef float UnalignedVector __attribute__((vector_size(kLanes * 4), aligned(1), may_alias));
typedef uint16_t UnalignedHalfVector __attribute__((vector_size(kLanes * 2), aligned(1), may_alias));

GVL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
GVL_INLINE int64_t round_up(int64_t a, int64_t step) { return (a + step - 1) / step * step; }

GVL_INLINE Vector load(const float* p) { return *reinterpret_cast<const UnalignedVector*>(p); }
GVL_INLINE void store(float* p, Vector v) { *reinterpret_cast<UnalignedVector*>(p) = v; }
GVL_INLINE float load_one(const void* p) {
  float value;
  __builtin_memcpy(&value, p, sizeof value);
  return value;
}
/** The score of what is not seen. */
constexpr float kNone = -__builtin_inff();
GVL_INLINE Vector all(float value) { return value - Vector{}; }

/** The greater; b where a is not a number, so that put second a not-a-number stays one. */
GVL_INLINE Vector max(Vector a, Vector b) { return a > b ? a : b; }
GVL_INLINE Vector min(Vector a, Vector b) { return a < b ? a : b; }

template <int... kIndex>
struct Indices {
  /** One stage of a transposition: exchanges the off-diagonal of every 2 x 2 block of kStep x kStep elements. */
  template <int kStep>
  static GVL_INLINE void exchange(Vector& a, Vector& b) {
    const Vector first = __builtin_shufflevector(a, b, (kIndex & kStep ? kLanes + (kIndex ^ kStep) : kIndex)...);
    b = __builtin_shufflevector(a, b, (kIndex & kStep ? kLanes + kIndex : kIndex ^ kStep)...);
    a = first;
  }
  template <int kStep>
  static GVL_INLINE Vector swap(Vector a) {
    return __builtin_shufflevector(a, a, (kIndex ^ kStep)...);
  }
  static constexpr IntVector lanes() { return IntVector{kIndex...}; }
};
template <int kCount>
struct AllIndices;
template <>
struct AllIndices<4> : Indices<0, 1, 2, 3> {};
template <>
struct AllIndices<8> : Indices<0, 1, 2, 3, 4, 5, 6, 7> {};
template <>
struct AllIndices<16> : Indices<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15> {};
using Lanes = AllIndices<kLanes>;

template <int kStep = 1>
GVL_INLINE void transpose(Vector (&v)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if (!(i & kStep)) Lanes::template exchange<kStep>(v[i], v[i | kStep]);
  }
  if constexpr (kStep * 2 < kLanes) transpose<kStep * 2>(v);
}

template <int kStep = kLanes / 2>
GVL_INLINE float sum(Vector v) {
  v += Lanes::template swap<kStep>(v);
  if constexpr (kStep > 1) return sum<kStep / 2>(v);
  return v[0];
}

/** out[r] += the sum of v[r]'s lanes. Pairs of vectors share the additions: a third of what each alone would take. */
template <int kRows>
GVL_INLINE void add_sums(const Vector (&v)[kRows], float* out) {
  constexpr int kTogether = kLanes < 8 ? 4 : 8;
#pragma GCC unroll 8
  for (int first = 0; first < kRows; first += kTogether) {
    Vector rows[kTogether] = {};
#pragma GCC unroll 8
    for (int r = 0; r < kTogether && first + r < kRows; ++r) rows[r] = v[first + r];
#pragma GCC unroll 4
    for (int r = 0; r < kTogether; r += 2) Lanes::template exchange<1>(rows[r], rows[r + 1]), rows[r] += rows[r + 1];
#pragma GCC unroll 4
    for (int r = 0; r < kTogether; r += 4) Lanes::template exchange<2>(rows[r], rows[r + 2]), rows[r] += rows[r + 2];
    if constexpr (kTogether == 8) Lanes::template exchange<4>(rows[0], rows[4]), rows[0] += rows[4];
    if constexpr (kLanes == 16) rows[0] += Lanes::template swap<8>(rows[0]);
#pragma GCC unroll 8
    for (int r = 0; r < kTogether && first + r < kRows; ++r) out[first + r] += rows[0][r];
  }
}

template <int kStep = kLanes / 2>
GVL_INLINE float greatest(Vector v) {
  v = max(Lanes::template swap<kStep>(v), v);
  if constexpr (kStep > 1) return greatest<kStep / 2>(v);
  return v[0];
}

/** Zero extension. */
GVL_INLINE IntVector widen(HalfVector bits) {
#if defined(__AVX512F__) && !defined(GVL_LANES)
  return reinterpret_cast<IntVector>(_mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(bits)));
#elif defined(__AVX2__) && !defined(GVL_LANES)
  // The compiler's own conversion takes three times as many instructions.
  return reinterpret_cast<IntVector>(_mm256_cvtepu16_epi32(reinterpret_cast<__m128i>(bits)));
#else
  return __builtin_convertvector(bits, IntVector);
#endif
}

/** How a stored type is read: kLanes elements, or one. */
struct Float32 {
  static constexpr int kBytes = 4;
  static GVL_INLINE Vector read(const char* p) { return *reinterpret_cast<const UnalignedVector*>(p); }
  static GVL_INLINE float read_one(const char* p) { return load_one(p); }
};

struct BFloat16 {
  static constexpr int kBytes = 2;
  static GVL_INLINE Vector read(const char* p) {
    const HalfVector bits = *reinterpret_cast<const UnalignedHalfVector*>(p);
    return reinterpret_cast<Vector>(widen(bits) << 16);
  }
  static GVL_INLINE float read_one(const char* p) {
    uint16_t bits;
    __builtin_memcpy(&bits, p, sizeof bits);
    return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
  }
};

struct Float16 {
  static constexpr int kBytes = 2;
  static GVL_INLINE Vector read(const char* p) {
    const HalfVector bits = *reinterpret_cast<const UnalignedHalfVector*>(p);
#if defined(__F16C__) && defined(__AVX512F__) && !defined(GVL_LANES)
    return reinterpret_cast<Vector>(_mm512_cvtph_ps(reinterpret_cast<__m256i>(bits)));
#elif defined(__F16C__) && !defined(GVL_LANES)
    return reinterpret_cast<Vector>(_mm256_cvtph_ps(reinterpret_cast<__m128i>(bits)));
#else
    const IntVector wide = widen(bits);
    // Half's exponent is 112 smaller than float's; the multiplication also normalises what was subnormal.
    IntVector value = reinterpret_cast<IntVector>(reinterpret_cast<Vector>((wide & 0x7fff) << 13) * 0x1p112f);
    value = (wide & 0x7c00) == 0x7c00 ? value | 0x7f800000 : value;
    return reinterpret_cast<Vector>(value | (wide & 0x8000) << 16);
#endif
  }
  static GVL_INLINE float read_one(const char* p) {
    char several[kLanes * kBytes] = {};
    __builtin_memcpy(several, p, kBytes);
    return read(several)[0];
  }
};

/** 2^x to about 1.6e-7 relative; 0 below 2^-127, infinity from 2^128. */
GVL_INLINE Vector exp2(Vector x) {
  x = max(all(-127), min(all(128), x));
  constexpr float kRound = 0x1.8p23f;  // adding it leaves the integer nearest to x in the low bits
  const Vector shifted = x + kRound;
  const Vector fraction = x - (shifted - kRound);
  Vector power = all(0x1.5bba14p-10f);
  power = power * fraction + 0x1.3cea88p-7f;
  power = power * fraction + 0x1.c6b752p-5f;
  power = power * fraction + 0x1.ebf9bcp-3f;
  power = power * fraction + 0x1.62e42ap-1f;
  power = power * fraction + 1.0f;
  return reinterpret_cast<Vector>(reinterpret_cast<IntVector>(power) + (reinterpret_cast<IntVector>(shifted) << 23));
}

constexpr float kLog2E = 0x1.715476p0f;
GVL_INLINE Vector exp(Vector x) { return exp2(x * kLog2E); }

/** Calls f with the reader of a type without scales. */
template <class F>
GVL_INLINE void with_type(Type type, F f) {
  if (type == Type::kFloat32) {
    f(Float32());
  } else if (type == Type::kBFloat16) {
    f(BFloat16());
  } else {
    f(Float16());
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
