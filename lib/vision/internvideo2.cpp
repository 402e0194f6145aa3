/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/internvideo2.hpp"

#include <ATen/ops/cat.h>

#include <string>

#include "ops/ops.hpp"

namespace gvl::vision {

InternVideo2Encoder::Block::Block(const layers::Parameters& parameters, const VisionConfig& config)
    : heads(config.heads),
      norm1(parameters / "norm1", config.hidden_size, config.norm_eps),
      qkv(parameters / "attn.qkv", {.in = config.hidden_size, .out = 3 * config.hidden_size, .bias = false}),
      q_norm(parameters / "attn.q_norm", config.hidden_size, config.norm_eps),
      k_norm(parameters / "attn.k_norm", config.hidden_size, config.norm_eps),
      proj(parameters / "attn.proj", {.in = config.hidden_size, .out = config.hidden_size}),
      ls1(parameters.vector("ls1.gamma", {config.hidden_size})),
      norm2(parameters / "norm2", config.hidden_size, config.norm_eps),
      fc1(parameters / "mlp.fc1", {.in = config.hidden_size, .out = config.intermediate_size}),
      fc2(parameters / "mlp.fc2", {.in = config.intermediate_size, .out = config.hidden_size}),
      ls2(parameters.vector("ls2.gamma", {config.hidden_size})) {}

at::Tensor InternVideo2Encoder::Block::attend(const at::Tensor& x) const {
  const at::Tensor mixed = qkv.forward(x);
  const std::int64_t width = x.size(2);
  const auto part = [&](std::int64_t i) { return mixed.slice(2, i * width, (i + 1) * width); };
  const auto split = [&](const at::Tensor& y) { return y.unflatten(2, {heads, width / heads}); };
  const at::Tensor q = split(q_norm.forward(part(0)));
  const at::Tensor k = split(k_norm.forward(part(1)));
  return proj.forward(ops::attention(q, k, split(part(2)), {}).flatten(2));
}

at::Tensor InternVideo2Encoder::Block::forward(at::Tensor x) const {
  x = ops::add_scaled(x, attend(norm1.forward(x)), ls1);
  return ops::add_scaled(x, fc2.forward(ops::gelu(fc1.forward(norm2.forward(x)))), ls2);
}

InternVideo2Encoder::InternVideo2Encoder(const layers::Parameters& parameters, const VisionConfig& config,
                                         std::int64_t frames)
    : patch_embed_(parameters / "patch_embed.proj",
                   {.patch_size = config.patch_size, .width = config.hidden_size, .bias = true, .tubelet = true}),
      cls_token_(parameters.vector("cls_token", {1, 1, config.hidden_size})),
      pos_embed_(parameters.vector("pos_embed", {1, frames * config.grid() * config.grid() + 1, config.hidden_size})) {
  for (std::int64_t i = 0; i < config.layers; ++i) {
    blocks_.emplace_back(parameters / "blocks" / std::to_string(i), config);
  }
}

at::Tensor InternVideo2Encoder::forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const {
  const std::int64_t batch = pixel_values.size(0);
  const at::Tensor patches = patch_embed_.forward(pixel_values.flatten(0, 1));
  const at::Tensor tokens = patches.view({batch, -1, patches.size(2)});
  at::Tensor x = at::cat({cls_token_.expand({batch, 1, tokens.size(2)}), tokens}, 1).add(pos_embed_);
  for (const Block& block : blocks_) {
    cancellation.check();
    x = block.forward(x);
  }
  return x.slice(1, 1);
}

}  // namespace gvl::vision
