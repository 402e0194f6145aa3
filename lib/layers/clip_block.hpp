/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "gvl/config.hpp"
#include "layers/layers.hpp"

namespace gvl::layers {

/** A pre-norm transformer block, of which both of CLIP's encoders are made (Radford et al. 2021). */
class ClipBlock {
 public:
  struct Options {
    std::int64_t width = 0;
    std::int64_t intermediate = 0;
    std::int64_t heads = 0;
    double norm_eps = 1e-5;
    Activation activation = Activation::kQuickGelu;
    bool causal = false;  ///< a position sees none behind it
  };

  ClipBlock(const Parameters& parameters, const Options& options);

  /** [batch, positions, width], the same. May work in place: use only the result. */
  at::Tensor forward(at::Tensor x) const;

 private:
  at::Tensor attend(const at::Tensor& x) const;
  at::Tensor activate(at::Tensor x) const;

  Options options_;
  LayerNorm layer_norm1_;
  Linear q_proj_, k_proj_, v_proj_, out_proj_;
  LayerNorm layer_norm2_;
  Linear fc1_, fc2_;
};

}  // namespace gvl::layers
