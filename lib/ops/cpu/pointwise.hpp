/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/blocks.hpp"

/** Norms, activations and other operations that touch each element a few times. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

/** y = f(x ...) for every element; the last, incomplete vector goes through a padded copy. */
template <class F, class... Inputs>
GVL_INLINE void map(int64_t size, float* y, F f, Inputs... inputs) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) store(y + i, f(load(inputs + i)...));
  if (i == size) return;
  const auto rest = [&](const float* p) {
    Vector v = {};
    __builtin_memcpy(&v, p + i, (size - i) * sizeof(float));
    return v;
  };
  const Vector v = f(rest(inputs)...);
  __builtin_memcpy(y + i, &v, (size - i) * sizeof(float));
}

/** The sum of f(x) over a row, in several sums to keep the adders busy. */
template <class F>
GVL_INLINE float reduce(const float* x, int64_t size, F f) {
  Vector sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= size; i += 4 * kLanes) {
#pragma GCC unroll 4
    for (int s = 0; s < 4; ++s) sums[s] += f(load(x + i + s * kLanes));
  }
  for (; i + kLanes <= size; i += kLanes) sums[0] += f(load(x + i));
  float total = sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < size; ++i) total += f(all(x[i]))[0];
  return total;
}

void rms_norm(const float* x, const float* weight, float eps, int64_t rows, int64_t size, float* y) {
  for (int64_t row = 0; row < rows; ++row, x += size, y += size) {
    const float squares = reduce(x, size, [](Vector v) GVL_INLINE_LAMBDA { return v * v; });
    const float factor = 1 / __builtin_sqrtf(squares / size + eps);
    map(
        size, y, [=](Vector v, Vector w) GVL_INLINE_LAMBDA { return v * factor * w; }, x, weight);
  }
}

void layer_norm(const float* x, const float* weight, const float* bias, float eps, int64_t rows, int64_t size,
                float* y) {
  for (int64_t row = 0; row < rows; ++row, x += size, y += size) {
    const float mean = reduce(x, size, [](Vector v) GVL_INLINE_LAMBDA { return v; }) / size;
    const float squares = reduce(x, size, [=](Vector v) GVL_INLINE_LAMBDA { return (v - mean) * (v - mean); });
    const float factor = 1 / __builtin_sqrtf(squares / size + eps);
    const auto scale = [=](Vector v, Vector w, Vector b) GVL_INLINE_LAMBDA { return (v - mean) * factor * w + b; };
    map(size, y, scale, x, weight, bias);
  }
}

/** x times the normal distribution function, by Abramowitz and Stegun's 7.1.26 for 1 - erf (to 1.5e-7). */
GVL_INLINE Vector gelu_of(Vector x) {
  constexpr float kRootHalf = 0.70710678118654752f;
  const Vector magnitude = reinterpret_cast<Vector>(reinterpret_cast<IntVector>(x) & 0x7fffffff) * kRootHalf;
  const Vector t = 1.0f / (1.0f + 0.3275911f * magnitude);
  Vector tail = all(1.061405429f);
  tail = tail * t - 1.453152027f;
  tail = tail * t + 1.421413741f;
  tail = tail * t - 0.284496736f;
  tail = tail * t + 0.254829592f;
  tail = 0.5f * tail * t * exp(-magnitude * magnitude);
  return x * (x < 0.0f ? tail : 1.0f - tail);
}

void gelu(const float* x, int64_t size, float* y) {
  map(
      size, y, [](Vector v) GVL_INLINE_LAMBDA { return gelu_of(v); }, x);
}

void quick_gelu(const float* x, int64_t size, float* y) {
  map(
      size, y, [](Vector v) GVL_INLINE_LAMBDA { return v / (1.0f + exp(v * -1.702f)); }, x);
}

void silu_and_multiply(const float* gate, const float* up, int64_t size, float* y) {
  map(
      size, y, [](Vector g, Vector u) GVL_INLINE_LAMBDA { return g / (1.0f + exp(-g)) * u; }, gate, up);
}

void add_scaled(const float* x, const float* y, const float* scale, int64_t size, float* sum) {
  if (scale) {
    map(
        size, sum, [](Vector a, Vector b, Vector s) GVL_INLINE_LAMBDA { return a + b * s; }, x, y, scale);
  } else {
    map(
        size, sum, [](Vector a, Vector b) GVL_INLINE_LAMBDA { return a + b; }, x, y);
  }
}

void rotary(const float* x, const float* cos, const float* sin, int64_t half, float* y) {
  int64_t i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const Vector a = load(x + i), b = load(x + half + i), c = load(cos + i), s = load(sin + i);
    store(y + i, a * c - b * s);
    store(y + half + i, b * c + a * s);
  }
  for (; i < half; ++i) {
    const float a = x[i], b = x[half + i];
    y[i] = a * cos[i] - b * sin[i];
    y[half + i] = b * cos[i] + a * sin[i];
  }
}

void widen(const Rows& w, int64_t row, int64_t column, int64_t count, float* y) {
  if (w.type == Type::kInt8) return widen_blocks<Int8Blocks>(w, row, column, count, y);
  if (w.type == Type::kInt4) return widen_blocks<Int4Blocks>(w, row, column, count, y);
  with_type(w.type, [&](auto reader) {
    using T = decltype(reader);
    widen_numbers<T>(w.data + row * w.stride + column * T::kBytes, count, y);
  });
}

}  // namespace
}  // namespace gvl::ops::cpu
