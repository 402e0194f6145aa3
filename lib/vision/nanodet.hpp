/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/cancellation.hpp"
#include "layers/layers.hpp"
#include "vision/coco_detector.hpp"

namespace gvl::vision {

/**
 * NanoDet-g (github.com/RangiLyu/nanodet), a detector of COCO's 80 classes: a CSP backbone, lateral convolutions joined
 * from coarse to fine and back, a head for each of three levels. Its norms are folded into the convolutions.
 * Parameters are named as in its published checkpoints.
 */
class NanoDet : public CocoDetector {
 public:
  explicit NanoDet(const layers::Parameters& parameters);

  /** Levels of strides 8, 16 and 32. */
  std::vector<DetectorLevel> forward(const at::Tensor& pictures, const Cancellation& cancellation) const override;

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

}  // namespace gvl::vision
