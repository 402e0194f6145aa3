#include "language/decoder.hpp"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <string>

#include "ops/ops.hpp"

namespace gvl::language {
namespace {

// Enough rows for the products to run at full speed, few enough that an MLP's activations stay tens of megabytes.
constexpr std::int64_t kReadBlock = 1024;

std::int64_t qkv_width(const LanguageModelConfig& config) {
  return (config.heads + 2 * config.kv_heads) * config.head_size();
}

}  // namespace

DecoderLayer::DecoderLayer(const layers::Parameters& parameters, const LanguageModelConfig& config)
    : heads_(config.heads),
      kv_heads_(config.kv_heads),
      input_layernorm_(parameters / "input_layernorm", config.hidden_size, config.norm_eps),
      qkv_proj_(parameters / "self_attn.qkv_proj", {.in = config.hidden_size, .out = qkv_width(config), .bias = false}),
      o_proj_(parameters / "self_attn.o_proj", {.in = config.hidden_size, .out = config.hidden_size, .bias = false}),
      post_attention_layernorm_(parameters / "post_attention_layernorm", config.hidden_size, config.norm_eps),
      gate_up_proj_(parameters / "mlp.gate_up_proj",
                    {.in = config.hidden_size, .out = 2 * config.intermediate_size, .bias = false}),
      down_proj_(parameters / "mlp.down_proj",
                 {.in = config.intermediate_size, .out = config.hidden_size, .bias = false}) {}

at::Tensor DecoderLayer::forward(at::Tensor x, const RopeTable& rope, const Attention& attention) const {
  x = ops::add_scaled(x, attend(input_layernorm_.forward(x), rope, attention));
  return ops::add_scaled(x, feed_forward(post_attention_layernorm_.forward(x)));
}

at::Tensor DecoderLayer::attend(const at::Tensor& x, const RopeTable& rope, const Attention& attention) const {
  const at::Tensor mixed = qkv_proj_.forward(x).unflatten(2, {heads_ + 2 * kv_heads_, -1});
  const at::Tensor q = ops::rotary(mixed.narrow(2, 0, heads_), rope.cos, rope.sin);
  const at::Tensor k = ops::rotary(mixed.narrow(2, heads_, kv_heads_), rope.cos, rope.sin);
  const at::Tensor v = mixed.narrow(2, heads_ + kv_heads_, kv_heads_);
  return o_proj_.forward(attention(q, k, v).flatten(2));
}

at::Tensor DecoderLayer::feed_forward(const at::Tensor& x) const {
  return down_proj_.forward(ops::silu_and_multiply(gate_up_proj_.forward(x)));
}

Decoder::Decoder(const layers::Parameters& parameters, const LanguageModelConfig& config)
    : config_(config),
      embed_tokens_(parameters.matrix("model.embed_tokens.weight", {config.vocab_size, config.hidden_size})),
      norm_(parameters / "model.norm", config.hidden_size, config.norm_eps),
      lm_head_(parameters / "lm_head", {.in = config.hidden_size, .out = config.vocab_size}) {
  for (std::int64_t i = 0; i < config.layers; ++i) {
    layers_.emplace_back(parameters / "model.layers" / std::to_string(i), config);
  }
}

at::Tensor Decoder::embed(const std::vector<std::int64_t>& ids) const {
  return ops::embedding(embed_tokens_, at::tensor(ids, at::kLong).to(embed_tokens_.device()));
}

at::Tensor Decoder::embed_ids(const at::Tensor& ids) const {
  return ops::embedding(embed_tokens_, ids.flatten()).unflatten(0, ids.sizes());
}

at::Tensor Decoder::read(const at::Tensor& embeddings, RopeFactors factors, KvCache& cache,
                         const Cancellation& cancellation) const {
  at::Tensor last;
  for (std::int64_t start = 0; start < embeddings.size(0); start += kReadBlock) {
    const std::int64_t count = std::min(kReadBlock, embeddings.size(0) - start);
    const RopeTable rope = rope_table(config_, factors, cache.length(), count, embeddings.device());
    // A copy: the layers may work in place, and the caller's embeddings are read again for the next query.
    at::Tensor x = embeddings.narrow(0, start, count).clone().unsqueeze(0);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      cancellation.check();
      const auto index = static_cast<std::int64_t>(i);
      x = layers_[i].forward(x, rope, [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
        cache.write(index, k, v);
        const std::int64_t length = cache.length() + count;
        return ops::attention(q, cache.keys(index, length), cache.values(index, length), {.causal = true});
      });
    }
    cache.advance(count);
    last = x[0].narrow(0, count - 1, 1);
  }
  return norm_.forward(last);
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const { return lm_head_.forward(hidden).to(at::kFloat); }

KvCache Decoder::make_cache(std::int64_t capacity) const {
  return KvCache(config_, capacity, embed_tokens_.scalar_type(), embed_tokens_.device());
}

}  // namespace gvl::language
