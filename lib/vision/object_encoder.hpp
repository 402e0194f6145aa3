/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "vision/coco_detector.hpp"
#include "vision/encoder.hpp"

namespace gvl::vision {

/**
 * A spatial encoder whose features are objects: of each keyframe the strongest detections and one row about the whole
 * picture (object_features.hpp). Its width is kObjectFeatures.
 */
class ObjectEncoder : public Encoder {
 public:
  /** Throws Error(kMalformed) for a configuration that it cannot have. */
  ObjectEncoder(std::unique_ptr<const CocoDetector> detector, const VisionConfig& config);

  /** [batch, frames * (objects + 1), kObjectFeatures]: frame by frame the picture, then its objects. */
  at::Tensor forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const override;

 private:
  VisionConfig config_;
  std::unique_ptr<const CocoDetector> detector_;
};

}  // namespace gvl::vision
