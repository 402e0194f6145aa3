/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "cameras-bench/camera.hpp"
#include "cameras-bench/process.hpp"

namespace gvl::benchmarks {

/** So many cameras at once, for a while. */
struct RunResult {
  std::vector<CameraResult> cameras;
  double seconds = 0;   ///< of video of each camera
  double wall = 0;      ///< from the first frame of the first to the last of the last
  double resident = 0;  ///< bytes, the most while they played
  double settled = 0;   ///< bytes, when the first camera ends: where it plays for two windows all first ones are over
  double load = 0;      ///< processes that wanted to run on the machine, this one with them: the mean of a minute
  ProcessorTime processor;                ///< of all
  std::vector<double> latencies() const;  ///< of all cameras, from the shortest
  guint64 dropped() const;
};

/** The value below which this share of the values is, which are in order; 0 of none. */
double percentile(const std::vector<double>& ordered, double share);

/** Throws std::runtime_error where a stream fails. */
RunResult run_cameras(int count, double seconds, const CameraSettings& settings, const Footage& footage);

}  // namespace gvl::benchmarks
