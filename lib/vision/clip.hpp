/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "layers/clip_block.hpp"
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

  /** Pictures [n, 3, S, S] -> [n, 1 + grid^2, width]: the class token, and the patches row by row. */
  at::Tensor encode(const at::Tensor& pictures, const Cancellation& cancellation) const;

 private:
  layers::PatchEmbedding patch_embedding_;
  at::Tensor class_embedding_;
  at::Tensor position_embedding_;
  layers::LayerNorm pre_layrnorm_;
  std::vector<layers::ClipBlock> blocks_;
};

/**
 * CLIP's image encoder as it was trained, beside texts: the class token behind all blocks, normed and projected.
 * Parameters: `vision_model.*` and `visual_projection`. Immutable and thread safe.
 */
class ClipImageEmbedder {
 public:
  /** `embedding`: E. */
  ClipImageEmbedder(const layers::Parameters& parameters, const VisionConfig& config, std::int64_t embedding);

  /** Normalised pictures [n, 3, S, S] -> [n, E], each of length 1. Throws Error(kCancelled) between two layers. */
  at::Tensor forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const;

 private:
  ClipEncoder encoder_;
  layers::LayerNorm post_layernorm_;
  layers::Linear projection_;
};

}  // namespace gvl::vision
