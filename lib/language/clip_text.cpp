/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/clip_text.hpp"

#include <ATen/ops/tensor.h>

#include <string>

#include "gvl/error.hpp"
#include "ops/ops.hpp"

namespace gvl::language {

ClipTextEmbedder::ClipTextEmbedder(const layers::Parameters& parameters, const TextEncoderConfig& config,
                                   std::int64_t embedding)
    : max_positions_(config.max_positions),
      token_embedding_((parameters / "text_model.embeddings.token_embedding")
                           .matrix("weight", {config.vocab_size, config.hidden_size})),
      position_embedding_((parameters / "text_model.embeddings.position_embedding")
                              .vector("weight", {config.max_positions, config.hidden_size})),
      final_layer_norm_(parameters / "text_model.final_layer_norm", config.hidden_size, config.norm_eps),
      projection_(parameters / "text_projection", {.in = config.hidden_size, .out = embedding, .bias = false}) {
  const layers::ClipBlock::Options options{.width = config.hidden_size,
                                           .intermediate = config.intermediate_size,
                                           .heads = config.heads,
                                           .norm_eps = config.norm_eps,
                                           .activation = config.activation,
                                           .causal = true};
  for (std::int64_t i = 0; i < config.layers; ++i) {
    blocks_.emplace_back(parameters / "text_model.encoder.layers" / std::to_string(i), options);
  }
}

at::Tensor ClipTextEmbedder::forward(const std::vector<std::int64_t>& ids, const Cancellation& cancellation) const {
  const auto length = static_cast<std::int64_t>(ids.size());
  if (length > max_positions_) {
    throw Error(ErrorCode::kInvalidArgument, "the text is too long: " + std::to_string(length) +
                                                 " tokens, this model takes " + std::to_string(max_positions_));
  }
  const at::Tensor tokens =
      ops::embedding(token_embedding_, at::tensor(ids, at::kLong).to(position_embedding_.device()))
          .to(position_embedding_.scalar_type());
  at::Tensor x = tokens.add(position_embedding_.narrow(0, 0, length)).unsqueeze(0);
  for (const layers::ClipBlock& block : blocks_) {
    cancellation.check();
    x = block.forward(x);
  }
  const at::Tensor last = x.select(1, length - 1).contiguous();
  const at::Tensor embedding = projection_.forward(final_layer_norm_.forward(last)).squeeze(0);
  return embedding.div(embedding.norm());
}

}  // namespace gvl::language
