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
 * The temporal stream's encoder: InternVideo2's vision transformer (Wang et al. 2024) over all frames of a segment
 * at once: RMSNorm before attention and MLP, RMSNorm over the whole width of q and k, LayerScale on both branches,
 * a class token, a learned position for every patch of every frame. As with CLIP only the blocks up to the
 * last-but-one are kept.
 */
class InternVideo2Encoder : public Encoder {
 public:
  InternVideo2Encoder(const layers::Parameters& parameters, const VisionConfig& config, std::int64_t frames);

  at::Tensor forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const override;

 private:
  struct Block {
    Block(const layers::Parameters& parameters, const VisionConfig& config);
    at::Tensor forward(at::Tensor x) const;
    at::Tensor attend(const at::Tensor& x) const;

    std::int64_t heads;
    layers::RmsNorm norm1;
    layers::Linear qkv;
    layers::RmsNorm q_norm, k_norm;
    layers::Linear proj;
    at::Tensor ls1;
    layers::RmsNorm norm2;
    layers::Linear fc1, fc2;
    at::Tensor ls2;
  };

  layers::PatchEmbedding patch_embed_;
  at::Tensor cls_token_;
  at::Tensor pos_embed_;
  std::vector<Block> blocks_;
};

}  // namespace gvl::vision
