/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/clip.hpp"

#include <ATen/ops/cat.h>

#include <string>

namespace gvl::vision {

ClipEncoder::ClipEncoder(const layers::Parameters& parameters, const VisionConfig& config, std::int64_t)
    : patch_embedding_(parameters / "embeddings.patch_embedding",
                       {.patch_size = config.patch_size, .width = config.hidden_size}),
      class_embedding_(parameters.vector("embeddings.class_embedding", {config.hidden_size})),
      position_embedding_(parameters.vector("embeddings.position_embedding.weight",
                                            {config.grid() * config.grid() + 1, config.hidden_size})),
      pre_layrnorm_(parameters / "pre_layrnorm", config.hidden_size, config.norm_eps) {
  const layers::ClipBlock::Options options{.width = config.hidden_size,
                                           .intermediate = config.intermediate_size,
                                           .heads = config.heads,
                                           .norm_eps = config.norm_eps,
                                           .activation = config.activation};
  for (std::int64_t i = 0; i < config.layers; ++i) {
    blocks_.emplace_back(parameters / "encoder.layers" / std::to_string(i), options);
  }
}

at::Tensor ClipEncoder::encode(const at::Tensor& pictures, const Cancellation& cancellation) const {
  const at::Tensor patches = patch_embedding_.forward(pictures);
  const at::Tensor class_token = class_embedding_.expand({patches.size(0), 1, patches.size(2)});
  at::Tensor x = pre_layrnorm_.forward(at::cat({class_token, patches}, 1).add(position_embedding_));
  for (const layers::ClipBlock& block : blocks_) {
    cancellation.check();
    x = block.forward(x);
  }
  return x;
}

at::Tensor ClipEncoder::forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const {
  const at::Tensor x = encode(pixel_values.flatten(0, 1), cancellation);
  return x.slice(1, 1).reshape({pixel_values.size(0), -1, x.size(2)});
}

ClipImageEmbedder::ClipImageEmbedder(const layers::Parameters& parameters, const VisionConfig& config,
                                     std::int64_t embedding)
    : encoder_(parameters / "vision_model", config),
      post_layernorm_(parameters / "vision_model.post_layernorm", config.hidden_size, config.norm_eps),
      projection_(parameters / "visual_projection", {.in = config.hidden_size, .out = embedding, .bias = false}) {}

at::Tensor ClipImageEmbedder::forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const {
  const at::Tensor class_tokens = encoder_.encode(pixel_values, cancellation).select(1, 0).contiguous();
  const at::Tensor embeddings = projection_.forward(post_layernorm_.forward(class_tokens));
  return embeddings.div(embeddings.norm(2, -1, /*keepdim=*/true));
}

}  // namespace gvl::vision
