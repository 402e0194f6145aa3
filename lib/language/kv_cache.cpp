/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/kv_cache.hpp"

#include <ATen/ops/empty.h>

namespace gvl::language {

KvCache::KvCache(const LanguageModelConfig& config, const CacheOptions& options, c10::Device device)
    : sequences_(options.sequences) {
  std::int64_t positions = 0;
  const auto add = [&](std::int64_t capacity) {
    runs_.push_back({positions, 0, {}});
    positions += capacity;
  };
  for (std::int64_t i = 0; i < sequences_; ++i) add(options.capacity);
  for (const std::int64_t prefix : options.prefixes) add(prefix);
  const auto tensor_options = at::TensorOptions().dtype(options.type).device(device);
  const auto make = [&] { return at::empty({1, positions, config.kv_heads, config.head_size()}, tensor_options); };
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    keys_.push_back(make());
    values_.push_back(make());
  }
}

std::int64_t KvCache::position(std::int64_t sequence) const {
  const Run& run = at(sequence);
  return run.length + (run.continued ? length(*run.continued) : 0);
}

void KvCache::restart(std::int64_t sequence, std::int64_t prefix) {
  at(sequence).length = 0;
  at(sequence).continued = prefix;
}

void KvCache::truncate(std::int64_t sequence, std::int64_t length) {
  std::int64_t& held = at(sequence).length;
  held = std::min(held, length);
}

void KvCache::write(std::int64_t layer, std::int64_t sequence, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t first = at(sequence).first + at(sequence).length;
  keys_[layer].narrow(1, first, k.size(1)).copy_(k);
  values_[layer].narrow(1, first, v.size(1)).copy_(v);
}

ops::KeysValues KvCache::read(std::int64_t layer, std::int64_t sequence, std::int64_t count) const {
  const std::int64_t first = at(sequence).first;
  return {keys_[layer].narrow(1, first, count), values_[layer].narrow(1, first, count)};
}

}  // namespace gvl::language
