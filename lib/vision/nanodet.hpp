/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "layers/layers.hpp"
#include "vision/encoder.hpp"

namespace gvl::vision {

/**
 * NanoDet-g (github.com/RangiLyu/nanodet), a detector of COCO's 80 classes: a CSP backbone, lateral convolutions joined
 * from coarse to fine and back, a head for each of three levels. Its norms are folded into the convolutions.
 * Parameters are named as in its published checkpoints.
 */
class NanoDet {
 public:
  static constexpr std::int64_t kClasses = 80;
  /** A box's side is told as a distribution over 0 ... 10 strides from the place it is seen at (Li et al. 2020). */
  static constexpr std::int64_t kBins = 11;

  /** What the network says of one level's places, row by row. */
  struct Level {
    std::int64_t stride = 0;  ///< pixels from place to place
    at::Tensor scores;        ///< [n, places, kClasses], 0-1
    at::Tensor sides;         ///< [n, places, 4 * kBins]: logits of left, top, right, bottom
  };

  explicit NanoDet(const layers::Parameters& parameters);

  /** Normalised pictures [n, 3, S, S], S a multiple of 32 -> the levels of strides 8, 16 and 32. */
  std::vector<Level> forward(const at::Tensor& pictures, const Cancellation& cancellation) const;

 private:
  struct ResBlock {
    ResBlock(const layers::Parameters& parameters, std::int64_t width);
    at::Tensor forward(const at::Tensor& x) const;

    layers::Convolution in_conv, mid_conv;
  };

  struct CspBlock {
    CspBlock(const layers::Parameters& parameters, std::int64_t width, std::int64_t blocks, std::int64_t stride);
    at::Tensor forward(const at::Tensor& x) const;

    layers::Convolution in_conv;
    std::vector<ResBlock> res_blocks;
    layers::Convolution res_out_conv;
  };

  struct Head {
    Head(const layers::Parameters& parameters, std::int64_t level);

    layers::Convolution cls_conv;
    layers::Convolution gfl_cls;
  };

  std::vector<at::Tensor> backbone(const at::Tensor& pictures, const Cancellation& cancellation) const;
  std::vector<at::Tensor> join_levels(const std::vector<at::Tensor>& features) const;

  layers::Convolution stem_;
  std::vector<CspBlock> stages_;
  std::vector<layers::Convolution> laterals_;
  std::vector<Head> heads_;
};

/**
 * A spatial encoder whose features are objects: of each keyframe the strongest detections and one row about the whole
 * picture (object_features.hpp). Its width is kObjectFeatures.
 */
class NanoDetEncoder : public Encoder {
 public:
  NanoDetEncoder(const layers::Parameters& parameters, const VisionConfig& config, std::int64_t frames);

  /** [batch, frames * (objects + 1), kObjectFeatures]: frame by frame the picture, then its objects. */
  at::Tensor forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const override;

 private:
  VisionConfig config_;
  NanoDet network_;
};

}  // namespace gvl::vision
