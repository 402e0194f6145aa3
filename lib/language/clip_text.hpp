/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "layers/clip_block.hpp"
#include "layers/layers.hpp"

namespace gvl::language {

/**
 * CLIP's text encoder (Radford et al. 2021): a causal transformer, of which the last position is normed and projected.
 * Parameters: `text_model.*` and `text_projection`. Immutable and thread safe.
 */
class ClipTextEmbedder {
 public:
  /** `embedding`: E. */
  ClipTextEmbedder(const layers::Parameters& parameters, const TextEncoderConfig& config, std::int64_t embedding);

  /**
   * The ids of a text, its start and end token included -> [E], of length 1. The end token is the last: what a batch
   * pads texts with comes behind it, where it is not seen. Throws Error(kInvalidArgument) for more than max_positions
   * ids, Error(kCancelled) between two layers.
   */
  at::Tensor forward(const std::vector<std::int64_t>& ids, const Cancellation& cancellation = {}) const;

 private:
  std::int64_t max_positions_;
  layers::Weight token_embedding_;
  at::Tensor position_embedding_;
  std::vector<layers::ClipBlock> blocks_;
  layers::LayerNorm final_layer_norm_;
  layers::Linear projection_;
};

}  // namespace gvl::language
