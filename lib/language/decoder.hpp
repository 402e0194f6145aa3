/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

/** What is read of one sequence, or prefix, of a cache. */
struct SequenceInput {
  at::Tensor embeddings;  ///< [n, H], n at least 1, behind what the cache holds
  RopeFactors factors = RopeFactors::kShort;
  std::int64_t sequence = 0;
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
   * Reads several sequences together, each at most once and of its own length: their rows go through the weights as
   * one matrix, block by block so that activations stay small. Inputs that stand side by side and continue the same
   * prefix read its keys once. What a sequence continues has been read before. Returns the normed hidden states
   * [inputs, H] of each input's last position. Throws Error(kCancelled) between two layers.
   */
  at::Tensor read(const std::vector<SequenceInput>& inputs, KvCache& cache, const Cancellation& cancellation) const;

  /** The final norm. */
  at::Tensor norm(const at::Tensor& hidden) const { return norm_.forward(hidden); }

  /** Hidden states [n, H] -> logits float32 [n, vocabulary]. */
  at::Tensor logits(const at::Tensor& hidden) const;

  /** The blocks, first to last; read() runs them over a cache. */
  const std::vector<DecoderLayer>& layers() const noexcept { return layers_; }

  KvCache make_cache(const CacheOptions& options) const { return KvCache(config_, options, device()); }
  const LanguageModelConfig& config() const noexcept { return config_; }
  c10::Device device() const { return embed_tokens_.device(); }

 private:
  struct Piece;
  using Block = std::vector<Piece>;

  static std::vector<Block> blocks_of(const std::vector<SequenceInput>& inputs);
  static at::Tensor attend(std::int64_t layer, const Block& block, KvCache& cache, const at::Tensor& q,
                           const at::Tensor& k, const at::Tensor& v);
  RopeTable rope_of(const Block& block, const KvCache& cache) const;
  at::Tensor read_block(const Block& block, KvCache& cache, const Cancellation& cancellation) const;

  LanguageModelConfig config_;
  c10::ScalarType activation_type_;
  layers::Weight embed_tokens_;
  std::vector<DecoderLayer> layers_;
  layers::RmsNorm norm_;
  layers::Linear lm_head_;
};

}  // namespace gvl::language
