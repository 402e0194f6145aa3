#include "language/decoder.hpp"

#include <ATen/ops/cat.h>
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
  return ops::add_scaled(x, feed_forward(post_attention_layernorm.forward(x)));
}

at::Tensor Decoder::Layer::feed_forward(const at::Tensor& x) const {
  return down_proj.forward(ops::silu_and_multiply(gate_up_proj.forward(x)));
}

at::Tensor Decoder::Layer::forward_packed(const at::Tensor& x, const RopeTable& rope, const PackedShape& shape) const {
  const at::Tensor attended = ops::add_scaled(x, attend_packed(input_layernorm.forward(x), rope, shape));
  return ops::add_scaled(attended, feed_forward(post_attention_layernorm.forward(attended)));
}

at::Tensor Decoder::Layer::attend_packed(const at::Tensor& x, const RopeTable& rope, const PackedShape& shape) const {
  const at::Tensor mixed = qkv_proj.forward(x).unflatten(2, {heads + 2 * kv_heads, -1});
  const at::Tensor q = ops::rotary(mixed.narrow(2, 0, heads), rope.cos, rope.sin);
  const at::Tensor k = ops::rotary(mixed.narrow(2, heads, kv_heads), rope.cos, rope.sin);
  const at::Tensor v = mixed.narrow(2, heads + kv_heads, kv_heads);
  const auto video = [&](const at::Tensor& y) { return y.narrow(1, 0, shape.video); };
  const auto texts = [&](const at::Tensor& y) {
    return y.narrow(1, shape.video, shape.rows * shape.row).unflatten(1, {shape.rows, shape.row});
  };
  const at::Tensor of_video = ops::attention(video(q), video(k), video(v), {.causal = true});
  if (shape.rows == 0) return o_proj.forward(of_video.flatten(2));
  const at::Tensor of_texts = ops::attention_behind(texts(q), video(k), video(v), texts(k), texts(v), shape.numbers);
  return o_proj.forward(at::cat({of_video, of_texts.flatten(1, 2)}, 1).flatten(2));
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

RopeTable Decoder::packed_rope(const PackedSequences& sequences) const {
  const std::int64_t n = sequences.videos.size(0), video = sequences.videos.size(1);
  const std::int64_t longest =
      sequences.positions.numel() == 0 ? 0 : sequences.positions.max().item<std::int64_t>() + 1;
  const RopeTable table = rope_table(config_, rope_factors_for(config_, video + longest), 0, video + longest, device());
  const at::Tensor behind = sequences.positions.flatten(1).add(video);
  const auto of_all = [&](const at::Tensor& angles) {
    const at::Tensor texts = angles.index_select(0, behind.flatten()).unflatten(0, behind.sizes());
    return at::cat({angles.narrow(0, 0, video).expand({n, video, angles.size(1)}), texts}, 1);
  };
  return {of_all(table.cos), of_all(table.sin)};
}

at::Tensor Decoder::read_packed(const PackedSequences& sequences, const PackedOptions& options) const {
  const PackedShape shape{sequences.videos.size(1), sequences.texts.size(1), sequences.texts.size(2),
                          sequences.numbers};
  const RopeTable rope = packed_rope(sequences);
  const auto texts_of = [&](const at::Tensor& hidden) {
    return hidden.narrow(1, shape.video, shape.rows * shape.row).reshape(sequences.texts.sizes());
  };
  at::Tensor x = at::cat({sequences.videos, sequences.texts.flatten(1, 2)}, 1);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    // By value: it may be called again when this function is long done.
    const auto layer = [this, rope, shape, i](const at::Tensor& input) {
      return layers_[i].forward_packed(input, rope, shape);
    };
    x = options.run ? options.run(layer, x) : layer(x);
    if (options.observe) options.observe(static_cast<std::int64_t>(i), x.narrow(1, 0, shape.video), texts_of(x));
  }
  return norm_.forward(texts_of(x));
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const { return lm_head_.forward(hidden).to(at::kFloat); }

KvCache Decoder::make_cache(std::int64_t capacity) const {
  return KvCache(config_, capacity, embed_tokens_.scalar_type(), embed_tokens_.device());
}

}  // namespace gvl::language
