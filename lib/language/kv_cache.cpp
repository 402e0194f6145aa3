/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/kv_cache.hpp"

#include <ATen/ops/empty.h>

namespace gvl::language {
namespace {

/** Positions of one sequence: [1, count, kv_heads, head_size]. */
at::Tensor positions(const at::Tensor& all, std::int64_t sequence, std::int64_t first, std::int64_t count) {
  return all.narrow(0, sequence, 1).narrow(1, first, count);
}

}  // namespace

KvCache::KvCache(const LanguageModelConfig& config, const CacheOptions& options, c10::Device device)
    : capacity_(options.capacity), lengths_(static_cast<std::size_t>(options.sequences), 0) {
  const auto tensor_options = at::TensorOptions().dtype(options.type).device(device);
  const auto make = [&] {
    return at::empty({options.sequences, capacity_, config.kv_heads, config.head_size()}, tensor_options);
  };
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    keys_.push_back(make());
    values_.push_back(make());
  }
}

void KvCache::truncate(std::int64_t sequence, std::int64_t length) {
  std::int64_t& held = lengths_.at(static_cast<std::size_t>(sequence));
  held = std::min(held, length);
}

void KvCache::write(std::int64_t layer, std::int64_t sequence, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t first = length(sequence);
  positions(keys_[layer], sequence, first, k.size(1)).copy_(k);
  positions(values_[layer], sequence, first, v.size(1)).copy_(v);
}

at::Tensor KvCache::keys(std::int64_t layer, std::int64_t sequence, std::int64_t count) const {
  return positions(keys_[layer], sequence, 0, count);
}

at::Tensor KvCache::values(std::int64_t layer, std::int64_t sequence, std::int64_t count) const {
  return positions(values_[layer], sequence, 0, count);
}

void KvCache::advance(std::int64_t sequence, std::int64_t positions) {
  lengths_.at(static_cast<std::size_t>(sequence)) += positions;
}

}  // namespace gvl::language
