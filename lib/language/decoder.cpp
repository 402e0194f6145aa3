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

Decoder::Layer::Layer(const layers::Parameters& parameters, const LanguageModelConfig& config)
    : heads(config.heads),
      kv_heads(config.kv_heads),
      input_layernorm(parameters / "input_layernorm", config.hidden_size, config.norm_eps),
      qkv_proj(parameters / "self_attn.qkv_proj", {.in = config.hidden_size, .out = qkv_width(config), .bias = false}),
      o_proj(parameters / "self_attn.o_proj", {.in = config.hidden_size, .out = config.hidden_size, .bias = false}),
      post_attention_layernorm(parameters / "post_attention_layernorm", config.hidden_size, config.norm_eps),
      gate_up_proj(parameters / "mlp.gate_up_proj",
                   {.in = config.hidden_size, .out = 2 * config.intermediate_size, .bias = false}),
      down_proj(parameters / "mlp.down_proj",
                {.in = config.intermediate_size, .out = config.hidden_size, .bias = false}) {}

at::Tensor Decoder::Layer::attend(const at::Tensor& x, const RopeTable& rope, std::int64_t index,
                                  KvCache& cache) const {
  const at::Tensor mixed = qkv_proj.forward(x).unflatten(1, {heads + 2 * kv_heads, -1}).unsqueeze(0);
  const at::Tensor q = ops::rotary(mixed.narrow(2, 0, heads), rope.cos, rope.sin);
  const at::Tensor k = ops::rotary(mixed.narrow(2, heads, kv_heads), rope.cos, rope.sin);
  cache.write(index, k, mixed.narrow(2, heads + kv_heads, kv_heads));
  const std::int64_t length = cache.length() + x.size(0);
  const at::Tensor attended =
      ops::attention(q, cache.keys(index, length), cache.values(index, length), {.causal = true});
  return o_proj.forward(attended.squeeze(0).flatten(1));
}

at::Tensor Decoder::Layer::forward(at::Tensor x, const RopeTable& rope, std::int64_t index, KvCache& cache) const {
  x = ops::add_scaled(x, attend(input_layernorm.forward(x), rope, index, cache));
  const at::Tensor gate_up = gate_up_proj.forward(post_attention_layernorm.forward(x));
  return ops::add_scaled(x, down_proj.forward(ops::silu_and_multiply(gate_up)));
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

at::Tensor Decoder::read(const at::Tensor& embeddings, RopeFactors factors, KvCache& cache,
                         const Cancellation& cancellation) const {
  at::Tensor last;
  for (std::int64_t start = 0; start < embeddings.size(0); start += kReadBlock) {
    const std::int64_t count = std::min(kReadBlock, embeddings.size(0) - start);
    const RopeTable rope = rope_table(config_, factors, cache.length(), count, embeddings.device());
    // A copy: the layers may work in place, and the caller's embeddings are read again for the next query.
    at::Tensor x = embeddings.narrow(0, start, count).clone();
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      cancellation.check();
      x = layers_[i].forward(x, rope, static_cast<std::int64_t>(i), cache);
    }
    cache.advance(count);
    last = x.narrow(0, count - 1, 1);
  }
  return norm_.forward(last);
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const { return lm_head_.forward(hidden).to(at::kFloat); }

KvCache Decoder::make_cache(std::int64_t capacity) const {
  return KvCache(config_, capacity, embed_tokens_.scalar_type(), embed_tokens_.device());
}

}  // namespace gvl::language
