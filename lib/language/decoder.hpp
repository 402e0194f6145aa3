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

/**
 * Sequences to train on: each text is read behind its video as if it were alone there, and the video once for all of
 * them.
 */
struct PackedSequences {
  at::Tensor videos;     ///< [n, P, H], what stands before the texts
  at::Tensor texts;      ///< [n, rows, C, H]: texts one after the other, rows filled up behind
  at::Tensor numbers;    ///< int64 [n, rows, C]: which text of its row a position belongs to
  at::Tensor positions;  ///< int64 [n, rows, C]: the position within its text, from 0
};

/** How packed sequences are run through the layers. */
struct PackedOptions {
  using Function = std::function<at::Tensor(const at::Tensor&)>;
  /**
   * Calls a layer; here activations may be dropped and computed again for the gradient, which the decoder must then
   * outlive. None: a plain call.
   */
  std::function<at::Tensor(const Function& layer, const at::Tensor& x)> run;
  /** Sees the videos' hidden states [n, P, H] and the texts' [n, rows, C, H] behind layer `index`. */
  std::function<void(std::int64_t index, const at::Tensor& videos, const at::Tensor& texts)> observe;
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

  /** Hidden states of the texts, normed: [n, rows, C, H]. Differentiable; nothing is cached. */
  at::Tensor read_packed(const PackedSequences& sequences, const PackedOptions& options) const;

  /** The final norm, for hidden states that observe() saw. */
  at::Tensor norm(const at::Tensor& hidden) const { return norm_.forward(hidden); }

  /** Hidden states [n, H] -> logits float32 [n, vocabulary]. */
  at::Tensor logits(const at::Tensor& hidden) const;

  KvCache make_cache(std::int64_t capacity) const;
  const LanguageModelConfig& config() const noexcept { return config_; }
  c10::Device device() const { return embed_tokens_.device(); }

 private:
  struct PackedShape {
    std::int64_t video, rows, row;  ///< positions of a video; its rows of texts and their positions
    at::Tensor numbers;
  };
  struct Layer {
    Layer(const layers::Parameters& parameters, const LanguageModelConfig& config);
    at::Tensor forward(at::Tensor x, const RopeTable& rope, std::int64_t index, KvCache& cache) const;
    at::Tensor attend(const at::Tensor& x, const RopeTable& rope, std::int64_t index, KvCache& cache) const;
    at::Tensor forward_packed(const at::Tensor& x, const RopeTable& rope, const PackedShape& shape) const;
    at::Tensor attend_packed(const at::Tensor& x, const RopeTable& rope, const PackedShape& shape) const;
    at::Tensor feed_forward(const at::Tensor& x) const;

    std::int64_t heads, kv_heads;
    layers::RmsNorm input_layernorm;
    layers::Linear qkv_proj, o_proj;
    layers::RmsNorm post_attention_layernorm;
    layers::Linear gate_up_proj, down_proj;
  };

  RopeTable packed_rope(const PackedSequences& sequences) const;

  LanguageModelConfig config_;
  at::Tensor embed_tokens_;
  std::vector<Layer> layers_;
  layers::RmsNorm norm_;
  layers::Linear lm_head_;
};

}  // namespace gvl::language
