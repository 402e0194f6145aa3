/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/tile.hpp"

/** Attention of many queries to packed keys, with a running softmax. Only for kernels.cpp. */
namespace gvl::ops::cpu {
namespace {

int64_t padded(int64_t head_size) { return round_up(head_size, kTileRows); }

int64_t key_block_size(int64_t head_size) {
  return round_up(kKeyBlock, kTileRows) * head_size + kKeyBlock * padded(head_size);
}

const float* values_of(const float* block, int64_t head_size) {
  return block + round_up(kKeyBlock, kTileRows) * head_size;
}

/** Strips of kTileRows columns of v: packed[strip][key][column]. */
template <class T>
void pack_values(const Rows& v, int64_t keys, int64_t head_size, float* packed) {
  for (int64_t column = 0; column < head_size; column += kTileRows) {
    const char* source = v.data + column * T::kBytes;
    float* strip = packed + column * keys;
    const int64_t columns = smaller(kTileRows, head_size - column);
    for (int64_t key = 0; key < keys; ++key, source += v.stride, strip += kTileRows) {
      if (columns == kTileRows && T::kBytes == sizeof(float)) {
        __builtin_memcpy(strip, source, kTileRows * sizeof(float));
        continue;
      }
      for (int i = 0; i < kTileRows; ++i) strip[i] = i < columns ? T::read_one(source + i * T::kBytes) : 0;
    }
  }
}

/** One block: the keys in strips, then the values. A last, shorter block is packed more densely. */
void pack_keys_values(const Rows& k, const Rows& v, int64_t keys, int64_t head_size, float* packed) {
  pack<kTileRows>(k, 0, keys, 0, head_size, packed);
  with_type(v.type, [&](auto type) {
    pack_values<decltype(type)>(v, keys, head_size, packed + round_up(kKeyBlock, kTileRows) * head_size);
  });
}

// In what follows the queries of a strip lie along the vectors' lanes, so that a softmax needs no sum across lanes, and
// weights come out of it in the order in which the next product reads them.

/** What one strip of queries has come to. */
struct Progress {
  float greatest[kTileColumns];
  float total[kTileColumns];
};

/** Scores of kTileRows keys, from `key` on; a lane sees the keys below its limit. Raises the greatest. */
template <bool kMasked>
GVL_INLINE void score_tile(int64_t depth, const float* keys, const float* queries, int64_t key, const IntVector* limits,
                           Vector* greatest, float* scores) {
  Tile tile = {};
  multiply_strips(depth, keys, queries, tile);
#pragma GCC unroll 16
  for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) {
      if constexpr (kMasked) tile[row][v] = limits[v] > static_cast<int32_t>(key + row) ? tile[row][v] : all(kNone);
      greatest[v] = max(greatest[v], tile[row][v]);
    }
  }
  store_tile(tile, scores, kTileColumns);
}

/** The scores of one strip of queries with a block's first `count` keys, in the unit of exp2. */
__attribute__((noinline)) void score_block(const AttendTile& p, const float* block, const float* queries, int64_t key,
                                           int64_t count, int64_t visible, Vector* greatest, float* scores) {
  IntVector limits[kTileVectors];
  for (int v = 0; v < kTileVectors; ++v) {
    const IntVector lanes = Lanes::lanes() + v * kLanes;
    limits[v] = static_cast<int32_t>(visible) + lanes * static_cast<int32_t>(p.visible_step);
    limits[v] = limits[v] < static_cast<int32_t>(p.keys) ? limits[v] : IntVector{} + static_cast<int32_t>(p.keys);
  }
  const int64_t seen_by_all = smaller(visible, p.keys);
  for (int64_t row = 0; row < count; row += kTileRows) {
    const float* strip = block + row * p.head_size;
    float* tile = scores + row * kTileColumns;
    if (key + row + kTileRows <= seen_by_all) {
      score_tile<false>(p.head_size, strip, queries, key + row, limits, greatest, tile);
    } else {
      score_tile<true>(p.head_size, strip, queries, key + row, limits, greatest, tile);
    }
  }
}

/** Turns the scores into weights and adds these up. */
__attribute__((noinline)) void weigh(int64_t count, const Vector* greatest, Vector* total, float* scores) {
  Vector base[kTileVectors], sums[kTileVectors];
  for (int v = 0; v < kTileVectors; ++v) base[v] = greatest[v], sums[v] = total[v];
#pragma GCC unroll 2
  for (int64_t key = 0; key < count; ++key) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) {
      float* p = scores + key * kTileColumns + v * kLanes;
      const Vector weight = exp2(load(p) - base[v]);
      store(p, weight);
      sums[v] += weight;
    }
  }
  for (int v = 0; v < kTileVectors; ++v) total[v] = sums[v];
}

/** sums [head size][queries] = sums * decay + values^T weights. */
__attribute__((noinline)) void add_values(int64_t count, int64_t stride, int64_t head_size, const float* values,
                                          const float* weights, const Vector* decay, float* sums) {
  for (int64_t column = 0; column < head_size; column += kTileRows) {
    float* p = sums + column * kTileColumns;
    Tile tile = {};
    multiply_strips(count, values + column * stride, weights, tile);
#pragma GCC unroll 16
    for (int row = 0; row < kTileRows; ++row) {
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; ++v) tile[row][v] += load(p + row * kTileColumns + v * kLanes) * decay[v];
    }
    store_tile(tile, p, kTileColumns);
  }
}

/** One strip of queries meets one block of keys. */
void attend_block(const AttendTile& p, const float* block, int64_t key, const float* queries, int64_t visible,
                  int64_t count, Progress& progress, float* sums, float* scores) {
  const int64_t in_block = smaller(kKeyBlock, p.keys - key);
  Vector greatest[kTileVectors], total[kTileVectors], decay[kTileVectors];
  for (int v = 0; v < kTileVectors; ++v) greatest[v] = load(progress.greatest + v * kLanes);
  score_block(p, block, queries, key, count, visible, greatest, scores);
  for (int v = 0; v < kTileVectors; ++v) {
    decay[v] = exp2(load(progress.greatest + v * kLanes) - greatest[v]);
    total[v] = load(progress.total + v * kLanes) * decay[v];
  }
  weigh(count, greatest, total, scores);
  add_values(count, in_block, p.head_size, values_of(block, p.head_size), scores, decay, sums);
  for (int v = 0; v < kTileVectors; ++v) {
    store(progress.greatest + v * kLanes, greatest[v]);
    store(progress.total + v * kLanes, total[v]);
  }
}

void write_out(const AttendTile& p, int64_t first, const Progress& progress, const float* sums) {
  for (int64_t query = first; query < smaller(first + kTileColumns, p.queries); ++query) {
    const int64_t lane = query - first;
    const float factor = p.is_partial ? 1 : p.keys > 0 ? 1 / progress.total[lane] : 0;
    float* out = p.out + query * p.out_stride;
    for (int64_t i = 0; i < p.head_size; ++i) out[i] = sums[i * kTileColumns + lane] * factor;
    if (!p.is_partial) continue;
    out[p.head_size] = progress.greatest[lane];
    out[p.head_size + 1] = progress.total[lane];
  }
}

int64_t strip_size(int64_t head_size) {
  return (head_size + padded(head_size)) * kTileColumns + static_cast<int64_t>(sizeof(Progress) / sizeof(float));
}

int64_t attend_scratch(int64_t queries, int64_t head_size) {
  const int64_t strips = round_up(queries, kTileColumns) / kTileColumns;
  return strips * strip_size(head_size) + round_up(kKeyBlock, kTileRows) * kTileColumns;
}

/** The parts of a strip's scratch. */
struct Strip {
  float *queries, *sums;
  Progress* progress;
};
Strip strip_at(const AttendTile& p, int64_t query) {
  float* begin = p.scratch + query / kTileColumns * strip_size(p.head_size);
  float* sums = begin + p.head_size * kTileColumns;
  return {begin, sums, reinterpret_cast<Progress*>(sums + padded(p.head_size) * kTileColumns)};
}

void start_strip(const AttendTile& p, int64_t query) {
  const Strip strip = strip_at(p, query);
  const char* q = reinterpret_cast<const char*>(p.q + query * p.q_stride);
  pack_strip<Float32, kTileColumns>(q, p.q_stride * sizeof(float), p.queries - query, p.head_size, p.scale * kLog2E,
                                    strip.queries);
  __builtin_memset(strip.sums, 0, padded(p.head_size) * kTileColumns * sizeof(float));
  for (int i = 0; i < kTileColumns; ++i) strip.progress->greatest[i] = kNone, strip.progress->total[i] = 0;
}

void attend_tile(const AttendTile& p) {
  float* scores = strip_at(p, round_up(p.queries, kTileColumns)).queries;
  for (int64_t query = 0; query < p.queries; query += kTileColumns) start_strip(p, query);
  const float* block = p.keys_values;
  for (int64_t key = 0; key < p.keys; key += kKeyBlock, block += key_block_size(p.head_size)) {
    for (int64_t query = 0; query < p.queries; query += kTileColumns) {
      const int64_t visible = p.visible + query * p.visible_step;
      const int64_t last_query = smaller(query + kTileColumns, p.queries) - 1;
      const int64_t count = smaller(smaller(kKeyBlock, p.keys - key), p.visible + last_query * p.visible_step - key);
      if (count <= 0) continue;
      const Strip strip = strip_at(p, query);
      attend_block(p, block, key, strip.queries, visible, count, *strip.progress, strip.sums, scores);
    }
  }
  for (int64_t query = 0; query < p.queries; query += kTileColumns) {
    const Strip strip = strip_at(p, query);
    write_out(p, query, *strip.progress, strip.sums);
  }
}

}  // namespace
}  // namespace gvl::ops::cpu
