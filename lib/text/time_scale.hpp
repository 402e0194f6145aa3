/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

namespace gvl::text {

/**
 * Where the moments of a model's time, 0 to 1 over its segments that are equally long to it, lie in a window's time.
 * Uniform, or piecewise linear between the boundaries of segments that are not equally long. In texts, which people
 * write and read, times are the video's.
 */
class TimeScale {
 public:
  /** Uniform, in seconds. Implicit: a duration is a scale. */
  TimeScale(double duration) : duration_(duration) {}

  /**
   * `boundaries`: K + 1 times in seconds, from 0 to the duration, of which none comes before its predecessor; none at
   * all for a uniform scale. Throws Error(kInvalidArgument) for others.
   */
  TimeScale(double duration, std::vector<double> boundaries);

  /** The same scale of a window that begins at `start`, in seconds of the video. */
  TimeScale beginning_at(double start) const;

  /** When the window begins: what times in texts are more than those of the window. */
  double start() const noexcept { return start_; }
  double duration() const noexcept { return duration_; }
  bool uniform() const noexcept { return boundaries_.empty(); }

  /** Seconds of the moment `part`, and back; what is beyond an end is that end. For scales that are not uniform. */
  double seconds_at(double part) const;
  double part_at(double seconds) const;

 private:
  double duration_;
  double start_ = 0;
  std::vector<double> boundaries_;
};

}  // namespace gvl::text
