/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/clip.hpp"

#include <ATen/ops/cat.h>

#include <string>

#include "ops/ops.hpp"

namespace gvl::vision {

ClipEncoder::Block::Block(const layers::Parameters& parameters, const VisionConfig& config)
    : heads(config.heads),
      layer_norm1(parameters / "layer_norm1", config.hidden_size, config.norm_eps),
      q_proj(parameters / "self_attn.q_proj", {.in = config.hidden_size, .out = config.hidden_size}),
      k_proj(parameters / "self_attn.k_proj", {.in = config.hidden_size, .out = config.hidden_size}),
      v_proj(parameters / "self_attn.v_proj", {.in = config.hidden_size, .out = config.hidden_size}),
      out_proj(parameters / "self_attn.out_proj", {.in = config.hidden_size, .out = config.hidden_size}),
      layer_norm2(parameters / "layer_norm2", config.hidden_size, config.norm_eps),
      fc1(parameters / "mlp.fc1", {.in = config.hidden_size, .out = config.intermediate_size}),
      fc2(parameters / "mlp.fc2", {.in = config.intermediate_size, .out = config.hidden_size}) {}

at::Tensor ClipEncoder::Block::attend(const at::Tensor& x) const {
  const auto split = [&](const at::Tensor& y) { return y.view({y.size(0), y.size(1), heads, -1}); };
  const at::Tensor mixed =
      ops::attention(split(q_proj.forward(x)), split(k_proj.forward(x)), split(v_proj.forward(x)), {});
  return out_proj.forward(mixed.flatten(2));
}

at::Tensor ClipEncoder::Block::forward(at::Tensor x) const {
  x = ops::add_scaled(x, attend(layer_norm1.forward(x)));
  return ops::add_scaled(x, fc2.forward(ops::quick_gelu(fc1.forward(layer_norm2.forward(x)))));
}

ClipEncoder::ClipEncoder(const layers::Parameters& parameters, const VisionConfig& config, std::int64_t)
    : patch_embedding_(parameters / "embeddings.patch_embedding",
                       {.patch_size = config.patch_size, .width = config.hidden_size}),
      class_embedding_(parameters.vector("embeddings.class_embedding", {config.hidden_size})),
      position_embedding_(parameters.vector("embeddings.position_embedding.weight",
                                            {config.grid() * config.grid() + 1, config.hidden_size})),
      pre_layrnorm_(parameters / "pre_layrnorm", config.hidden_size, config.norm_eps) {
  for (std::int64_t i = 0; i < config.layers; ++i) {
    blocks_.emplace_back(parameters / "encoder.layers" / std::to_string(i), config);
  }
}

at::Tensor ClipEncoder::forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const {
  const at::Tensor patches = patch_embedding_.forward(pixel_values.flatten(0, 1));
  const at::Tensor class_token = class_embedding_.expand({patches.size(0), 1, patches.size(2)});
  at::Tensor x = pre_layrnorm_.forward(at::cat({class_token, patches}, 1).add(position_embedding_));
  for (const Block& block : blocks_) {
    cancellation.check();
    x = block.forward(x);
  }
  return x.slice(1, 1).reshape({pixel_values.size(0), -1, x.size(2)});
}

}  // namespace gvl::vision
