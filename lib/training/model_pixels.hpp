/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <memory>

#include "gvl/config.hpp"
#include "gvl/preprocess.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** A window's sampled frames on their way to a Sample. */
class ModelPixels {
 public:
  explicit ModelPixels(const ModelConfig& model);

  /** Resizes sample `index`, 0 ... T - 1, to both models' sizes as they need it. */
  void put(std::int64_t index, const RgbView& frame);

  /** Once every sample was put. */
  Sample sample(double duration) const;

 private:
  std::int64_t per_segment_;
  VisionConfig spatial_config_, temporal_config_;
  Tensor spatial_, temporal_;
  std::shared_ptr<std::byte> spatial_data_, temporal_data_;
};

}  // namespace gvl::training
