/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gvl/config.hpp"

namespace gvl::language {

struct CacheOptions {
  std::int64_t capacity = 0;   ///< positions of each sequence at most
  std::int64_t sequences = 1;  ///< that are read side by side, each of its own length
  c10::ScalarType type = c10::ScalarType::Float;
};

/**
 * Keys and values of every layer for the positions read so far of some sequences. Memory for all of them is taken at
 * once: layers * 2 * sequences * capacity * kv_heads * head_size elements. Not thread safe.
 */
class KvCache {
 public:
  KvCache(const LanguageModelConfig& config, const CacheOptions& options, c10::Device device);

  std::int64_t capacity() const noexcept { return capacity_; }
  std::int64_t length(std::int64_t sequence) const { return lengths_.at(static_cast<std::size_t>(sequence)); }

  /** Forgets the positions from `length` on: a shared prefix stays, what followed it goes. */
  void truncate(std::int64_t sequence, std::int64_t length);

  /** Stores k and v [1, n, kv_heads, head_size] of `layer` behind the sequence's first length() positions. */
  void write(std::int64_t layer, std::int64_t sequence, const at::Tensor& k, const at::Tensor& v);

  /** Views [1, count, kv_heads, head_size] of what `layer` holds of a sequence. */
  at::Tensor keys(std::int64_t layer, std::int64_t sequence, std::int64_t count) const;
  at::Tensor values(std::int64_t layer, std::int64_t sequence, std::int64_t count) const;

  /** Counts `positions` more of a sequence, once every layer has written them. */
  void advance(std::int64_t sequence, std::int64_t positions);

 private:
  std::int64_t capacity_;
  std::vector<std::int64_t> lengths_;  // one a sequence
  std::vector<at::Tensor> keys_;       // one a layer: [sequences, capacity, kv_heads, head_size]
  std::vector<at::Tensor> values_;
};

}  // namespace gvl::language
