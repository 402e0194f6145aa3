/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "language/clip_text.hpp"
#include "layers/parameters.hpp"
#include "vision/clip.hpp"

namespace gvl::model {

/** The two encoders of a similarity model, under the names of CLIP's checkpoints. Immutable and thread safe. */
class SimilarityNetwork {
 public:
  SimilarityNetwork(const layers::Parameters& parameters, const ModelConfig& config);

  /** Pictures uint8 [n, S, S, 3] -> embeddings [n, E] of length 1. Throws Error(kCancelled) between two layers. */
  at::Tensor embed_pictures(const at::Tensor& pixels, const Cancellation& cancellation) const;

  const language::ClipTextEmbedder& texts() const noexcept { return texts_; }

 private:
  VisionConfig pictures_config_;
  c10::Device device_;
  c10::ScalarType activation_type_;
  vision::ClipImageEmbedder pictures_;
  language::ClipTextEmbedder texts_;
};

}  // namespace gvl::model
