/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

/** The parts one behind the other; a single one as it is. */
at::Tensor joined(const std::vector<at::Tensor>& parts, std::int64_t dimension) {
  return parts.size() == 1 ? parts.front() : at::cat(parts, dimension);
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
      activation_type_(parameters.activation_type()),
      embed_tokens_(parameters.matrix("model.embed_tokens.weight", {config.vocab_size, config.hidden_size})),
      norm_(parameters / "model.norm", config.hidden_size, config.norm_eps),
      lm_head_(parameters / "lm_head", {.in = config.hidden_size, .out = config.vocab_size}) {
  for (std::int64_t i = 0; i < config.layers; ++i) {
    layers_.emplace_back(parameters / "model.layers" / std::to_string(i), config);
  }
}

at::Tensor Decoder::embed(const std::vector<std::int64_t>& ids) const {
  return embed_ids(at::tensor(ids, at::kLong).to(device()));
}

at::Tensor Decoder::embed_ids(const at::Tensor& ids) const {
  return ops::embedding(embed_tokens_, ids.flatten()).to(activation_type_).unflatten(0, ids.sizes());
}

/** Rows of one input within a block. */
struct Decoder::Piece {
  const SequenceInput* input;
  std::int64_t first;  ///< of the input's rows
  std::int64_t row;    ///< its place in the block
  std::int64_t count;

  at::Tensor embeddings() const { return input->embeddings.narrow(0, first, count); }
  at::Tensor of_block(const at::Tensor& x) const { return x.narrow(1, row, count); }
};

/** The inputs one behind the other, cut into blocks. */
std::vector<Decoder::Block> Decoder::blocks_of(const std::vector<SequenceInput>& inputs) {
  std::vector<Block> blocks;
  std::int64_t room = 0;
  for (const SequenceInput& input : inputs) {
    const std::int64_t rows = input.embeddings.size(0);
    for (std::int64_t first = 0; first < rows;) {
      if (room == 0) {
        blocks.emplace_back();
        room = kReadBlock;
      }
      const std::int64_t count = std::min(room, rows - first);
      blocks.back().push_back({&input, first, kReadBlock - room, count});
      first += count;
      room -= count;
    }
  }
  return blocks;
}

RopeTable Decoder::rope_of(const Block& block, const KvCache& cache) const {
  std::vector<at::Tensor> cos, sin;
  for (const Piece& piece : block) {
    const RopeTable table =
        rope_table(config_, piece.input->factors, cache.position(piece.input->sequence), piece.count, device());
    cos.push_back(table.cos);
    sin.push_back(table.sin);
  }
  return {joined(cos, 0), joined(sin, 0)};
}

/**
 * Each piece sees what the cache holds of its sequence, and itself; those that continue the same prefix, and stand side
 * by side, are attended to together.
 */
at::Tensor Decoder::attend(std::int64_t layer, const Block& block, KvCache& cache, const at::Tensor& q,
                           const at::Tensor& k, const at::Tensor& v) {
  std::vector<at::Tensor> outputs;
  for (std::size_t i = 0; i < block.size();) {
    const std::int64_t first = block[i].row;
    const auto prefix = cache.continued(block[i].input->sequence);
    std::vector<ops::Continuation> sequences;
    std::int64_t rows = 0;
    do {
      const Piece& piece = block[i++];
      const std::int64_t sequence = piece.input->sequence;
      cache.write(layer, sequence, piece.of_block(k), piece.of_block(v));
      sequences.push_back({piece.count, cache.read(layer, sequence, cache.length(sequence) + piece.count)});
      rows += piece.count;
    } while (prefix && i < block.size() && cache.continued(block[i].input->sequence) == prefix);
    const ops::KeysValues shared =
        prefix ? cache.read(layer, *prefix, cache.length(*prefix)) : cache.read(layer, block[i - 1].input->sequence, 0);
    outputs.push_back(ops::attention_behind(q.narrow(1, first, rows), shared, sequences));
  }
  return joined(outputs, 1);
}

at::Tensor Decoder::read_block(const Block& block, KvCache& cache, const Cancellation& cancellation) const {
  const RopeTable rope = rope_of(block, cache);
  std::vector<at::Tensor> rows;
  for (const Piece& piece : block) rows.push_back(piece.embeddings());
  // A copy: the layers may work in place, and the caller's embeddings are read again for the next query.
  at::Tensor x = at::cat(rows).unsqueeze(0);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    cancellation.check();
    x = layers_[i].forward(x, rope, [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
      return attend(static_cast<std::int64_t>(i), block, cache, q, k, v);
    });
  }
  for (const Piece& piece : block) cache.advance(piece.input->sequence, piece.count);
  return x;
}

at::Tensor Decoder::read(const std::vector<SequenceInput>& inputs, KvCache& cache,
                         const Cancellation& cancellation) const {
  std::vector<at::Tensor> last;
  for (const Block& block : blocks_of(inputs)) {
    const at::Tensor x = read_block(block, cache, cancellation);
    for (const Piece& piece : block) {
      if (piece.first + piece.count == piece.input->embeddings.size(0)) {
        last.push_back(x[0].narrow(0, piece.row + piece.count - 1, 1));
      }
    }
  }
  return norm_.forward(joined(last, 0));
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const { return lm_head_.forward(hidden).to(at::kFloat); }

}  // namespace gvl::language
