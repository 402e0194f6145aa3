/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <vector>

namespace gvl::gst {

/**
 * A stretch of video divided into equal segments: which frames are sampled, and which interval each segment stands for.
 * Times are stream time in nanoseconds.
 *
 * Samples are counted in the order in which they arrive: forwards in stream time, or backwards when a stream plays
 * that way.
 */
class SegmentPlan {
 public:
  struct Options {
    GstClockTime start = 0;
    GstClockTime duration = 0;  ///< positive
    std::int64_t samples = 0;   ///< of the stretch, a multiple of segments
    std::int64_t segments = 0;
    int fps_n = 0;  ///< frame rate; 0: frames come when they come
    int fps_d = 1;
    bool backward = false;
  };

  explicit SegmentPlan(const Options& options);

  GstClockTime start() const { return options_.start; }
  GstClockTime stop() const { return options_.start + options_.duration; }
  GstClockTime segment_duration() const { return duration_of(1); }
  std::int64_t segments() const { return options_.segments; }
  bool backward() const { return options_.backward; }
  bool constant_rate() const { return options_.fps_n > 0; }
  std::int64_t samples() const { return options_.samples; }
  std::int64_t samples_per_segment() const { return options_.samples / options_.segments; }

  /** Sample in stream time order of the `arrival`-th that arrives. */
  std::int64_t sample_at(std::int64_t arrival) const;

  /**
   * Whether the frame shown from `time` on is the `arrival`-th sample, or comes after it and stands in for it. Never
   * for a variable rate played forwards, where the next frame's time decides.
   */
  bool reached(std::int64_t arrival, GstClockTime time) const;

  /** Variable rate, forwards: whether the frame before the one of `time` is the `arrival`-th sample. */
  bool passed(std::int64_t arrival, GstClockTime time) const;

  /** How long so many segments are. */
  GstClockTime duration_of(std::int64_t segments) const;

  /** How many segments arrive before the one that `time` lies in; 0 before the first, the last one's after all. */
  std::int64_t segments_before(GstClockTime time) const;

  /** The time that the `arrival`-th sample stands for begins here, forwards. */
  GstClockTime sample_start(std::int64_t arrival) const;

  /** Interval of segment `position`. */
  GstClockTime segment_start(std::int64_t position) const;
  GstClockTime segment_stop(std::int64_t position) const { return segment_start(position + 1); }

  /** Whether `time` lies beyond the stretch's end by `slack` or more, in the direction of play. */
  bool beyond(GstClockTime time, GstClockTime slack) const;

 private:
  Options options_;
  std::vector<std::int64_t> frames_;   // constant rate: frame number of each sample
  std::vector<GstClockTime> targets_;  // variable rate: time of each sample
};

}  // namespace gvl::gst
