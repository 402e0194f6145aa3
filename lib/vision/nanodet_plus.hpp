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
 * NanoDet-Plus-m (github.com/RangiLyu/nanodet), a detector of COCO's 80 classes: ShuffleNetV2 (Ma et al. 2018) of width
 * 1.0, a path aggregation network of Ghost blocks (Han et al. 2020), and a head for each of four levels. Its norms are
 * folded into the convolutions. Parameters are named as in its published checkpoints.
 */
class NanoDetPlus : public CocoDetector {
 public:
  explicit NanoDetPlus(const layers::Parameters& parameters);

  /** Levels of strides 8, 16, 32 and 64. */
  std::vector<DetectorLevel> forward(const at::Tensor& pictures, const Cancellation& cancellation) const override;

 private:
  using Convolution = layers::Convolution;

  /** A convolution of each channel by itself, then one of single pixels. */
  struct Separable {
    at::Tensor forward(const at::Tensor& x) const { return pointwise.forward(depthwise.forward(x)); }

    Convolution depthwise, pointwise;
  };

  /** Of half the channels, or of all at half the size; the others follow in between. */
  struct ShuffleUnit {
    ShuffleUnit(const layers::Parameters& parameters, std::int64_t in, std::int64_t out);
    at::Tensor forward(const at::Tensor& x) const;

    std::vector<Separable> branch1;  // one where the size is halved
    Convolution before;
    Separable branch2;
  };

  /** Half of its channels are told from the other half. */
  struct GhostModule {
    GhostModule(const layers::Parameters& parameters, std::int64_t in, double leak);
    at::Tensor forward(const at::Tensor& x) const;

    Convolution primary, cheap;
  };

  struct GhostBlock {
    explicit GhostBlock(const layers::Parameters& parameters);
    at::Tensor forward(const at::Tensor& x) const;

    GhostModule ghost1, ghost2;
    Separable shortcut;
  };

  struct Head {
    Head(const layers::Parameters& parameters, std::int64_t level);
    at::Tensor forward(const at::Tensor& x) const;

    std::vector<Separable> cls_convs;
    Convolution gfl_cls;
  };

  static Separable activated(const layers::Parameters& parameters, std::int64_t stride);
  std::vector<at::Tensor> backbone(const at::Tensor& pictures, const Cancellation& cancellation) const;
  std::vector<at::Tensor> join_levels(const std::vector<at::Tensor>& features) const;

  Convolution stem_;
  std::vector<std::vector<ShuffleUnit>> stages_;
  std::vector<Convolution> reduce_;
  std::vector<GhostBlock> top_down_, bottom_up_;
  std::vector<Separable> downsamples_;
  Separable extra_in_, extra_out_;
  std::vector<Head> heads_;
};

}  // namespace gvl::vision
