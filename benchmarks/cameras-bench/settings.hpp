/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "gvl/model.hpp"

namespace gvl::benchmarks {

/** What each camera shows and is asked, and how the model answers. */
struct CameraSettings {
  std::string model;  ///< its folder
  std::vector<std::string> queries;
  double window = 60;    ///< seconds
  double overlap = 0;    ///< share of a window
  double alerts = 0;     ///< seconds of alert-latency; 0: none
  int answer_batch = 1;  ///< windows that are answered together
  int temporal_batch = ModelOptions().temporal.max_batch;
  int width = 1920;
  int height = 1080;
  bool decode = false;   ///< frames come encoded
  bool in_step = false;  ///< all windows end at the same time

  ModelOptions model_options() const {
    ModelOptions options;
    options.answer.max_batch = answer_batch;
    options.temporal.max_batch = temporal_batch;
    return options;
  }
};

inline constexpr int kFrameRate = 25;

}  // namespace gvl::benchmarks
