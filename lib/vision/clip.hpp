/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "layers/layers.hpp"
#include "vision/encoder.hpp"

namespace gvl::vision {

/**
 * The spatial stream's encoder: CLIP's vision transformer (Radford et al. 2021), pre-norm blocks with quick-GELU,
 * a norm on the embeddings. Grounded-VideoLLM reads the output of the last-but-one block without a final norm, so
 * only the blocks up to there are kept (VisionConfig::layers).
 */
class ClipEncoder : public Encoder {
 public:
  /** Sees each of any number of frames alone. */
  ClipEncoder(const layers::Parameters& parameters, const VisionConfig& config, std::int64_t frames = 1);

  /** The class token is dropped. */
  at::Tensor forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const override;

 private:
  struct Block {
    Block(const layers::Parameters& parameters, const VisionConfig& config);
    at::Tensor forward(at::Tensor x) const;
    at::Tensor attend(const at::Tensor& x) const;

    std::int64_t heads;
    layers::LayerNorm layer_norm1;
    layers::Linear q_proj, k_proj, v_proj, out_proj;
    layers::LayerNorm layer_norm2;
    layers::Linear fc1, fc2;
  };

  layers::PatchEmbedding patch_embedding_;
  at::Tensor class_embedding_;
  at::Tensor position_embedding_;
  layers::LayerNorm pre_layrnorm_;
  std::vector<Block> blocks_;
};

}  // namespace gvl::vision
