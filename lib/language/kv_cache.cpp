#include "language/kv_cache.hpp"

#include <ATen/ops/empty.h>

namespace gvl::language {

KvCache::KvCache(const LanguageModelConfig& config, std::int64_t capacity, c10::ScalarType type, c10::Device device)
    : capacity_(capacity) {
  const auto options = at::TensorOptions().dtype(type).device(device);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    keys_.push_back(at::empty({1, capacity, config.kv_heads, config.head_size()}, options));
    values_.push_back(at::empty({1, capacity, config.kv_heads, config.head_size()}, options));
  }
}

void KvCache::write(std::int64_t layer, const at::Tensor& k, const at::Tensor& v) {
  keys_[layer].narrow(1, length_, k.size(1)).copy_(k);
  values_[layer].narrow(1, length_, v.size(1)).copy_(v);
}

at::Tensor KvCache::keys(std::int64_t layer, std::int64_t count) const { return keys_[layer].narrow(1, 0, count); }

at::Tensor KvCache::values(std::int64_t layer, std::int64_t count) const { return values_[layer].narrow(1, 0, count); }

}  // namespace gvl::language
