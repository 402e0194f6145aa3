/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layers/clip_block.hpp"

#include <utility>

#include "ops/ops.hpp"

namespace gvl::layers {

ClipBlock::ClipBlock(const Parameters& parameters, const Options& options)
    : options_(options),
      layer_norm1_(parameters / "layer_norm1", options.width, options.norm_eps),
      q_proj_(parameters / "self_attn.q_proj", {.in = options.width, .out = options.width}),
      k_proj_(parameters / "self_attn.k_proj", {.in = options.width, .out = options.width}),
      v_proj_(parameters / "self_attn.v_proj", {.in = options.width, .out = options.width}),
      out_proj_(parameters / "self_attn.out_proj", {.in = options.width, .out = options.width}),
      layer_norm2_(parameters / "layer_norm2", options.width, options.norm_eps),
      fc1_(parameters / "mlp.fc1", {.in = options.width, .out = options.intermediate}),
      fc2_(parameters / "mlp.fc2", {.in = options.intermediate, .out = options.width}) {}

at::Tensor ClipBlock::attend(const at::Tensor& x) const {
  const auto split = [&](const at::Tensor& y) { return y.view({y.size(0), y.size(1), options_.heads, -1}); };
  const at::Tensor mixed = ops::attention(split(q_proj_.forward(x)), split(k_proj_.forward(x)),
                                          split(v_proj_.forward(x)), {.causal = options_.causal});
  return out_proj_.forward(mixed.flatten(2));
}

at::Tensor ClipBlock::activate(at::Tensor x) const {
  return options_.activation == Activation::kGelu ? ops::gelu(std::move(x)) : ops::quick_gelu(std::move(x));
}

at::Tensor ClipBlock::forward(at::Tensor x) const {
  x = ops::add_scaled(x, attend(layer_norm1_.forward(x)));
  return ops::add_scaled(x, fc2_.forward(activate(fc1_.forward(layer_norm2_.forward(x)))));
}

}  // namespace gvl::layers
