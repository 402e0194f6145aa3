#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "language/kv_cache.hpp"
#include "language/rope.hpp"
#include "layers/layers.hpp"

namespace gvl::language {

/**
 * A decoder-only transformer: RMSNorm, rotary attention, SwiGLU (Phi-3 and LLaMA-3 alike; their differences are in
 * LanguageModelConfig). Parameters are named as in Phi-3's checkpoint, with q, k, v and gate, up in one matrix each.
 * Immutable, hence thread safe; the cache passed in belongs to the caller.
 */
class Decoder {
 public:
  Decoder(const layers::Parameters& parameters, const LanguageModelConfig& config);

  /** Token ids -> [n, H]. */
  at::Tensor embed(const std::vector<std::int64_t>& ids) const;

  /**
   * Reads [n, H] behind what the cache holds, block by block so that activations stay small, and returns the normed
   * hidden state [1, H] of the last position. Throws Error(kCancelled) between two layers.
   */
  at::Tensor read(const at::Tensor& embeddings, RopeFactors factors, KvCache& cache,
                  const Cancellation& cancellation) const;

  /** Hidden states [n, H] -> logits float32 [n, vocabulary]. */
  at::Tensor logits(const at::Tensor& hidden) const;

  KvCache make_cache(std::int64_t capacity) const;
  const LanguageModelConfig& config() const noexcept { return config_; }
  c10::Device device() const { return embed_tokens_.device(); }

 private:
  struct Layer {
    Layer(const layers::Parameters& parameters, const LanguageModelConfig& config);
    at::Tensor forward(at::Tensor x, const RopeTable& rope, std::int64_t index, KvCache& cache) const;
    at::Tensor attend(const at::Tensor& x, const RopeTable& rope, std::int64_t index, KvCache& cache) const;

    std::int64_t heads, kv_heads;
    layers::RmsNorm input_layernorm;
    layers::Linear qkv_proj, o_proj;
    layers::RmsNorm post_attention_layernorm;
    layers::Linear gate_up_proj, down_proj;
  };

  LanguageModelConfig config_;
  at::Tensor embed_tokens_;
  std::vector<Layer> layers_;
  layers::RmsNorm norm_;
  layers::Linear lm_head_;
};

}  // namespace gvl::language
