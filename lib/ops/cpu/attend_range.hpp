/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/gemv.hpp"

/** Attention of a few queries to keys and values that are read where they lie. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

// One or two rows: each row's scores lie side by side.

/** Scores of the range, [head][row][key]; keys outside, so that a cache with all heads of a token together streams. */
template <class T, int kRows>
void score_range(const AttendRange& p) {
  const int64_t keys = p.last - p.first;
  for (int64_t key = p.first; key < p.last; ++key) {
    for (int64_t head = 0; head < p.heads; ++head) {
      float dots[kRows] = {};
      const char* k = p.k.data + key * p.k.stride + head * p.k_head;
      dot_rows<T, kRows>(p.q + head * kRows * p.head_size, p.head_size, k, p.head_size, dots);
      for (int r = 0; r < kRows; ++r) {
        const bool is_visible = key < p.visible[head * kRows + r];
        p.scratch[(head * kRows + r) * keys + key - p.first] = is_visible ? dots[r] * p.scale * kLog2E : kNone;
      }
    }
  }
}

/** Scores of one row to weights; its greatest score and their sum go into the row's partial result. */
void weigh_row(int64_t keys, float* scores, float* greatest_and_total) {
  float peak = kNone;
  for (int64_t i = 0; i < keys; ++i) peak = peak > scores[i] ? peak : scores[i];
  const float base = peak > kNone ? peak : 0;  // a row may see no key of this range
  Vector sums = {};
  int64_t i = 0;
  for (; i + kLanes <= keys; i += kLanes) {
    const Vector weight = exp2(load(scores + i) - base);
    store(scores + i, weight);
    sums += weight;
  }
  float total = sum(sums);
  for (; i < keys; ++i) total += scores[i] = exp2(all(scores[i] - base))[0];
  greatest_and_total[0] = peak;
  greatest_and_total[1] = total;
}

/** sums[r] += weights[r][key] * value of kKeys keys, `stride` bytes apart. */
template <class T, int kRows, int kKeys>
GVL_INLINE void add_values_of(const char* values, int64_t stride, int64_t size, const float (&weights)[kRows][kKeys],
                              float* sums, int64_t sums_stride) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    Vector v[kKeys];
#pragma GCC unroll 4
    for (int key = 0; key < kKeys; ++key) v[key] = T::read(values + key * stride + i * T::kBytes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      Vector sum = load(sums + r * sums_stride + i);
#pragma GCC unroll 4
      for (int key = 0; key < kKeys; ++key) sum += v[key] * weights[r][key];
      store(sums + r * sums_stride + i, sum);
    }
  }
  for (; i < size; ++i) {
    for (int key = 0; key < kKeys; ++key) {
      const float v = T::read_one(values + key * stride + i * T::kBytes);
      for (int r = 0; r < kRows; ++r) sums[r * sums_stride + i] += v * weights[r][key];
    }
  }
}

/** Adds kKeys keys' values for all heads. */
template <class T, int kRows, int kKeys>
GVL_INLINE void add_keys(const AttendRange& p, int64_t first) {
  const int64_t keys = p.last - p.first;
  for (int64_t head = 0; head < p.heads; ++head) {
    float weights[kRows][kKeys];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      __builtin_memcpy(weights[r], p.scratch + (head * kRows + r) * keys + first - p.first, sizeof weights[r]);
    }
    add_values_of<T, kRows, kKeys>(p.v.data + first * p.v.stride + head * p.v_head, p.v.stride, p.head_size, weights,
                                   p.partial + head * kRows * p.partial_stride, p.partial_stride);
  }
}

template <class T, int kRows>
void add_range(const AttendRange& p) {
  int64_t key = p.first;
  for (; key + 4 <= p.last; key += 4) add_keys<T, kRows, 4>(p, key);
  for (; key < p.last; ++key) add_keys<T, kRows, 1>(p, key);
}

template <int kRows>
void attend_rows_by_row(const AttendRange& p) {
  const int64_t keys = p.last - p.first;
  with_type(p.k.type, [&](auto type) { score_range<decltype(type), kRows>(p); });
  for (int64_t row = 0; row < p.heads * p.group; ++row) {
    float* partial = p.partial + row * p.partial_stride;
    __builtin_memset(partial, 0, p.head_size * sizeof(float));
    weigh_row(keys, p.scratch + row * keys, partial + p.head_size);
  }
  with_type(p.v.type, [&](auto type) { add_range<decltype(type), kRows>(p); });
}

// More rows: the scores of a key lie side by side, kSlots of them, some of which may be nobody's. So many keys are
// scored together that one vector holds the sums of all, and none is added up by itself.

/** The number of slots for a key's rows. */
constexpr int slots_of(int rows) { return rows > 4 ? 8 : 4; }

template <int kRows>
struct Slots {
  static constexpr int kSlots = slots_of(kRows);
  static constexpr int kKeys = kLanes > kSlots ? kLanes / kSlots : 1;     // that are scored together
  static constexpr int kVectors = kLanes < kSlots ? kSlots / kLanes : 1;  // of their scores
  static constexpr int kFloats = kKeys * kSlots;
};

/** Lane l: the sum of v[l]. */
template <int kStep = 1>
GVL_INLINE Vector sums_of(Vector (&v)[kLanes]) {
#pragma GCC unroll 16
  for (int l = 0; l < kLanes; l += 2 * kStep) {
    Lanes::template exchange<kStep>(v[l], v[l + kStep]);
    v[l] += v[l + kStep];
  }
  if constexpr (2 * kStep < kLanes) return sums_of<2 * kStep>(v);
  return v[0];
}

/** Scores of `count` keys, at most kKeys, with a head's rows; those of keys that are not there are kNone. */
template <class T, int kRows>
GVL_INLINE void score_keys(const char* keys, int64_t stride, int64_t count, const float* q, int64_t size, float factor,
                           float* scores) {
  using S = Slots<kRows>;
  // A key that is not there is read as the first one.
  const char* key[S::kKeys];
  for (int j = 0; j < S::kKeys; ++j) key[j] = keys + (j < count ? j : 0) * stride;
  Vector sums[S::kVectors][kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
#pragma GCC unroll 4
    for (int j = 0; j < S::kKeys; ++j) {
      const Vector of_key = T::read(key[j] + i * T::kBytes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const int slot = j * S::kSlots + r;
        sums[slot / kLanes][slot % kLanes] += load(q + r * size + i) * of_key;
      }
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < S::kVectors; ++v) store(scores + v * kLanes, sums_of(sums[v]));
  for (; i < size; ++i) {
    for (int j = 0; j < S::kKeys; ++j) {
      const float of_key = T::read_one(key[j] + i * T::kBytes);
      for (int r = 0; r < kRows; ++r) scores[j * S::kSlots + r] += q[r * size + i] * of_key;
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < S::kVectors; ++v) store(scores + v * kLanes, load(scores + v * kLanes) * factor);
  for (int64_t slot = count * S::kSlots; slot < S::kFloats; ++slot) scores[slot] = kNone;
}

/** Scores [head][key][slot]; keys outside, so that a cache with all heads of a token together streams. */
template <class T, int kRows>
void score_range_by_key(const AttendRange& p, int64_t head_floats) {
  using S = Slots<kRows>;
  for (int64_t key = p.first; key < p.last; key += S::kKeys) {
    for (int64_t head = 0; head < p.heads; ++head) {
      score_keys<T, kRows>(p.k.data + key * p.k.stride + head * p.k_head, p.k.stride, smaller(S::kKeys, p.last - key),
                           p.q + head * kRows * p.head_size, p.head_size, p.scale * kLog2E,
                           p.scratch + head * head_floats + (key - p.first) * S::kSlots);
    }
  }
  for (int64_t row = 0; row < p.heads * kRows; ++row) {
    float* scores = p.scratch + row / kRows * head_floats + row % kRows;
    for (int64_t key = p.visible[row] > p.first ? p.visible[row] : p.first; key < p.last; ++key) {
      scores[(key - p.first) * S::kSlots] = kNone;
    }
  }
}

/** What `combine` makes of the lanes of each slot, in all of them. */
template <int kStep, class F>
GVL_INLINE Vector over_keys(Vector v, F combine) {
  if constexpr (kStep < kLanes) return over_keys<2 * kStep>(combine(v, Lanes::template swap<kStep>(v)), combine);
  return v;
}

/** Scores of a head to weights; each row's greatest score and its sum of weights go into its partial result. */
template <int kRows>
void weigh_keys(const AttendRange& p, int64_t head, int64_t head_floats) {
  using S = Slots<kRows>;
  float* scores = p.scratch + head * head_floats;
  Vector peak[S::kVectors], base[S::kVectors], total[S::kVectors] = {};
  for (Vector& each : peak) each = all(kNone);
  for (int64_t i = 0; i < head_floats; i += S::kFloats) {
    for (int v = 0; v < S::kVectors; ++v) peak[v] = max(peak[v], load(scores + i + v * kLanes));
  }
  for (int v = 0; v < S::kVectors; ++v) {
    peak[v] = over_keys<S::kSlots>(peak[v], [](Vector a, Vector b) { return max(a, b); });
    base[v] = peak[v] > all(kNone) ? peak[v] : Vector{};  // a row may see no key of this range
  }
  for (int64_t i = 0; i < head_floats; i += S::kFloats) {
    for (int v = 0; v < S::kVectors; ++v) {
      const Vector weight = exp2(load(scores + i + v * kLanes) - base[v]);
      store(scores + i + v * kLanes, weight);
      total[v] += weight;
    }
  }
  for (int v = 0; v < S::kVectors; ++v) {
    total[v] = over_keys<S::kSlots>(total[v], [](Vector a, Vector b) { return a + b; });
  }
  for (int r = 0; r < kRows; ++r) {
    float* partial = p.partial + (head * kRows + r) * p.partial_stride;
    __builtin_memset(partial, 0, p.head_size * sizeof(float));
    partial[p.head_size] = peak[r / kLanes][r % kLanes];
    partial[p.head_size + 1] = total[r / kLanes][r % kLanes];
  }
}

/** Adds kKeys keys' values for all heads. */
template <class T, int kRows, int kKeys>
GVL_INLINE void add_keys_by_key(const AttendRange& p, int64_t first, int64_t head_floats) {
  constexpr int kSlots = Slots<kRows>::kSlots;
  for (int64_t head = 0; head < p.heads; ++head) {
    const float* of_keys = p.scratch + head * head_floats + (first - p.first) * kSlots;
    float weights[kRows][kKeys];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int key = 0; key < kKeys; ++key) weights[r][key] = of_keys[key * kSlots + r];
    }
    add_values_of<T, kRows, kKeys>(p.v.data + first * p.v.stride + head * p.v_head, p.v.stride, p.head_size, weights,
                                   p.partial + head * kRows * p.partial_stride, p.partial_stride);
  }
}

template <class T, int kRows>
void add_range_by_key(const AttendRange& p, int64_t head_floats) {
  int64_t key = p.first;
  for (; key + 4 <= p.last; key += 4) add_keys_by_key<T, kRows, 4>(p, key, head_floats);
  for (; key < p.last; ++key) add_keys_by_key<T, kRows, 1>(p, key, head_floats);
}

template <int kRows>
void attend_rows_by_key(const AttendRange& p) {
  using S = Slots<kRows>;
  const int64_t head_floats = round_up(p.last - p.first, S::kKeys) * S::kSlots;
  with_type(p.k.type, [&](auto type) { score_range_by_key<decltype(type), kRows>(p, head_floats); });
  for (int64_t head = 0; head < p.heads; ++head) weigh_keys<kRows>(p, head, head_floats);
  with_type(p.v.type, [&](auto type) { add_range_by_key<decltype(type), kRows>(p, head_floats); });
}

int64_t range_scratch(int64_t heads, int64_t group, int64_t keys) {
  constexpr int64_t kMostKeys = kLanes;
  return heads * round_up(keys, kMostKeys) * (group > 2 ? slots_of(static_cast<int>(group)) : group);
}

void attend_range(const AttendRange& p) {
  with_rows(p.group, [&](auto rows) {
    constexpr int kRows = decltype(rows)::value;
    if constexpr (kRows > 2) {
      attend_rows_by_key<kRows>(p);
    } else {
      attend_rows_by_row<kRows>(p);
    }
  });
}

/** Calls f with each partial result of a row. */
template <class F>
GVL_INLINE void for_each_partial(const PartialRanges* ranges, int64_t count, F f) {
  for (int64_t list = 0; list < count; ++list) {
    for (int64_t i = 0; i < ranges[list].count; ++i) f(ranges[list].first + i * ranges[list].stride);
  }
}

void merge_ranges(const PartialRanges* ranges, int64_t count, int64_t head_size, float* out) {
  float peak = kNone, total = 0;
  for_each_partial(ranges, count, [&](const float* from) { peak = peak > from[head_size] ? peak : from[head_size]; });
  __builtin_memset(out, 0, head_size * sizeof(float));
  for_each_partial(ranges, count, [&](const float* from) {
    const float weight = exp2(all(from[head_size] - peak))[0];
    for (int64_t i = 0; i < head_size; ++i) out[i] += from[i] * weight;
    total += from[head_size + 1] * weight;
  });
  for (int64_t i = 0; i < head_size; ++i) out[i] /= total;
}

}  // namespace
}  // namespace gvl::ops::cpu
