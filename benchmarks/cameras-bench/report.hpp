/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "cameras-bench/run.hpp"

namespace gvl::benchmarks {

/** What was measured. */
struct Report {
  CameraSettings settings;
  RunResult one;            ///< of one camera
  RunResult all;            ///< of as many as were asked for, or as were found to be possible
  std::vector<int> tried;   ///< numbers of cameras, where the most were looked for
  double window_alone = 0;  ///< seconds of processor time that the model alone takes for a window

  /** Bytes of memory that each further camera takes at most, and once its first window is over; 0 of one. */
  double bytes_per_further() const;
  double settled_bytes_per_further() const;
};

/** As text for people. */
void print(const Report& report);

/** As one JSON object. */
std::string to_json(const Report& report);

}  // namespace gvl::benchmarks
