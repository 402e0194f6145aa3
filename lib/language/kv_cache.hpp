#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gvl/config.hpp"

namespace gvl::language {

/**
 * Keys and values of every layer for the positions read so far. Memory for `capacity` positions is taken at once:
 * layers * 2 * capacity * kv_heads * head_size elements. Not thread safe.
 */
class KvCache {
 public:
  KvCache(const LanguageModelConfig& config, std::int64_t capacity, c10::ScalarType type, c10::Device device);

  std::int64_t length() const noexcept { return length_; }
  std::int64_t capacity() const noexcept { return capacity_; }

  /** Forgets the positions from `length` on: a shared prefix stays, what followed it goes. */
  void truncate(std::int64_t length) noexcept { length_ = std::min(length_, length); }

  /** Stores k and v [1, n, kv_heads, head_size] of `layer` behind the first length() positions. */
  void write(std::int64_t layer, const at::Tensor& k, const at::Tensor& v);

  /** Views [1, count, kv_heads, head_size] of what `layer` holds. */
  at::Tensor keys(std::int64_t layer, std::int64_t count) const;
  at::Tensor values(std::int64_t layer, std::int64_t count) const;

  /** Counts `positions` more, once every layer has written them. */
  void advance(std::int64_t positions) noexcept { length_ += positions; }

 private:
  std::int64_t capacity_;
  std::int64_t length_ = 0;
  std::vector<at::Tensor> keys_;
  std::vector<at::Tensor> values_;
};

}  // namespace gvl::language
