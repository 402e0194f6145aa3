/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gvl/config.hpp"
#include "ops/ops.hpp"

namespace gvl::language {

struct CacheOptions {
  std::int64_t capacity = 0;           ///< positions of each sequence at most, behind its prefix
  std::int64_t sequences = 1;          ///< that are read side by side, each of its own length
  std::vector<std::int64_t> prefixes;  ///< positions of each prefix at most that sequences may continue
  c10::ScalarType type = c10::ScalarType::Float;
};

/**
 * Keys and values of every layer for the positions read so far: of some sequences, numbered from 0, and of prefixes,
 * numbered behind them (prefix()), each of which several sequences may continue. Memory for all of them is taken at
 * once: layers * 2 * positions * kv_heads * head_size elements. Not thread safe.
 */
class KvCache {
 public:
  KvCache(const LanguageModelConfig& config, const CacheOptions& options, c10::Device device);

  /** The number of a prefix, by which it is read as a sequence is. */
  std::int64_t prefix(std::size_t index) const noexcept { return sequences_ + static_cast<std::int64_t>(index); }

  /** Positions held of a sequence or prefix itself. */
  std::int64_t length(std::int64_t sequence) const { return at(sequence).length; }
  /** What it continues, a prefix's number. */
  std::optional<std::int64_t> continued(std::int64_t sequence) const { return at(sequence).continued; }
  /** Of what is read of it next: those held, and what it continues. */
  std::int64_t position(std::int64_t sequence) const;

  /** Forgets what a sequence holds; from now on it continues `prefix` as that is. */
  void restart(std::int64_t sequence, std::int64_t prefix);

  /** Forgets the positions of its own from `length` on. */
  void truncate(std::int64_t sequence, std::int64_t length);

  /** Stores k and v [1, n, kv_heads, head_size] of `layer` behind the sequence's first length() positions. */
  void write(std::int64_t layer, std::int64_t sequence, const at::Tensor& k, const at::Tensor& v);

  /** Views [1, count, kv_heads, head_size] of what `layer` holds of a sequence's own first positions. */
  ops::KeysValues read(std::int64_t layer, std::int64_t sequence, std::int64_t count) const;

  /** Counts `positions` more of a sequence, once every layer has written them. */
  void advance(std::int64_t sequence, std::int64_t positions) { at(sequence).length += positions; }

 private:
  /** A run of positions. */
  struct Run {
    std::int64_t first = 0;  ///< its place among all
    std::int64_t length = 0;
    std::optional<std::int64_t> continued;
  };

  const Run& at(std::int64_t sequence) const { return runs_.at(static_cast<std::size_t>(sequence)); }
  Run& at(std::int64_t sequence) { return runs_.at(static_cast<std::size_t>(sequence)); }

  std::int64_t sequences_;
  std::vector<Run> runs_;         // the sequences, then the prefixes
  std::vector<at::Tensor> keys_;  // one a layer: [1, positions, kv_heads, head_size]
  std::vector<at::Tensor> values_;
};

}  // namespace gvl::language
