#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "language/kv_cache.hpp"
#include "language/rope.hpp"
#include "layers/layers.hpp"

namespace gvl::language {

/** A transformer block. Which tokens see which is the caller's: `attention` maps q, k and v to what o_proj takes. */
class DecoderLayer {
 public:
  /** q [batch, tokens, heads, d]; k, v [batch, tokens, kv heads, d], q and k rotated -> [batch, tokens, heads, d]. */
  using Attention = std::function<at::Tensor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v)>;

  DecoderLayer(const layers::Parameters& parameters, const LanguageModelConfig& config);

  /** x [batch, tokens, H] -> the same shape. May work in place without gradient: use only the result. */
  at::Tensor forward(at::Tensor x, const RopeTable& rope, const Attention& attention) const;

 private:
  at::Tensor attend(const at::Tensor& x, const RopeTable& rope, const Attention& attention) const;
  at::Tensor feed_forward(const at::Tensor& x) const;

  std::int64_t heads_, kv_heads_;
  layers::RmsNorm input_layernorm_;
  layers::Linear qkv_proj_, o_proj_;
  layers::RmsNorm post_attention_layernorm_;
  layers::Linear gate_up_proj_, down_proj_;
};

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

  /** Token ids int64 [...] on the decoder's device -> [..., H]. */
  at::Tensor embed_ids(const at::Tensor& ids) const;

  /**
   * Reads [n, H] behind what the cache holds, block by block so that activations stay small, and returns the normed
   * hidden state [1, H] of the last position. Throws Error(kCancelled) between two layers.
   */
  at::Tensor read(const at::Tensor& embeddings, RopeFactors factors, KvCache& cache,
                  const Cancellation& cancellation) const;

  /** The final norm. */
  at::Tensor norm(const at::Tensor& hidden) const { return norm_.forward(hidden); }

  /** Hidden states [n, H] -> logits float32 [n, vocabulary]. */
  at::Tensor logits(const at::Tensor& hidden) const;

  /** The blocks, first to last; read() runs them over a cache. */
  const std::vector<DecoderLayer>& layers() const noexcept { return layers_; }

  KvCache make_cache(std::int64_t capacity) const;
  const LanguageModelConfig& config() const noexcept { return config_; }
  c10::Device device() const { return embed_tokens_.device(); }

 private:
  LanguageModelConfig config_;
  at::Tensor embed_tokens_;
  std::vector<DecoderLayer> layers_;
  layers::RmsNorm norm_;
  layers::Linear lm_head_;
};

}  // namespace gvl::language
