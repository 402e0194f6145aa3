/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/object_encoder.hpp"

#include <ATen/ops/stack.h>

#include <string>
#include <utility>
#include <vector>

#include "gvl/error.hpp"
#include "vision/detection.hpp"
#include "vision/object_features.hpp"
#include "vision/pooling.hpp"

namespace gvl::vision {

ObjectEncoder::ObjectEncoder(std::unique_ptr<const CocoDetector> detector, const VisionConfig& config)
    : config_(config), detector_(std::move(detector)) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kMalformed, "a " + config.type + " encoder " + why);
  };
  if (config.objects < 1) refuse("needs \"objects\", how many of a picture are told");
  if (config.hidden_size != kObjectFeatures) {
    refuse("has a hidden_size of " + std::to_string(kObjectFeatures) + ", not " + std::to_string(config.hidden_size));
  }
  if (config.image_size % CocoDetector::kSideMultiple != 0) {
    refuse("takes an image_size of multiples of " + std::to_string(CocoDetector::kSideMultiple) + ", not " +
           std::to_string(config.image_size));
  }
}

at::Tensor ObjectEncoder::forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const {
  std::vector<at::Tensor> features;
  for (const at::Tensor& frames : pixel_values.unbind()) {
    const std::vector<SeenPicture> seen =
        detect(detector_->forward(frames, cancellation), config_.image_size, config_.objects);
    features.push_back(object_features(seen, denormalise(frames, config_), config_.objects));
  }
  return at::stack(features).to(pixel_values.options());
}

}  // namespace gvl::vision
