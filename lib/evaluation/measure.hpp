/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <functional>

#include "evaluation/report.hpp"
#include "gvl/model.hpp"
#include "io/json.hpp"

namespace gvl::evaluation {

struct MeasureOptions {
  double min_confidence = 0;  ///< intervals that are less sure are no events; 0-1
  /** Called after each video, with how many of how many are done. May be empty. */
  std::function<void(std::int64_t done, std::int64_t total)> progress;
};

/**
 * Measures `model` on all videos of a configuration, which has the member `queries` or `scenes` (docs/training.md).
 * Throws Error naming the file at fault.
 */
Report measure(Model& model, const io::JsonValue& configuration, const MeasureOptions& options);

}  // namespace gvl::evaluation
