/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <cstdint>

namespace gvl::gst {

/**
 * A stretch of video divided into equal segments: which frames are sampled, and which interval each segment stands for.
 * Times are stream time in nanoseconds.
 *
 * A sample is the frame shown at a target time. Where the declared frame rate gives at least as many frames as samples,
 * targets are the frames of gvl::sample_index(), as the model was trained; elsewhere, the middles of equal intervals,
 * so that a frame may be sampled more than once. Nothing is stored for each sample: a plan may be of any length.
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
  std::int64_t samples() const { return options_.samples; }
  std::int64_t samples_per_segment() const { return options_.samples / options_.segments; }

  /** Sample in stream time order of the `arrival`-th that arrives. */
  std::int64_t sample_at(std::int64_t arrival) const;

  /** Whether the frame shown from `time` on is certainly the `arrival`-th sample: no later frame can be. */
  bool reached(std::int64_t arrival, GstClockTime time) const;

  /** Forwards: whether the frame of `time` comes after the `arrival`-th sample, which then is the one before it. */
  bool passed(std::int64_t arrival, GstClockTime time) const;

  /** A time at which the `arrival`-th sample is shown, away from its edges where the rate is known. */
  GstClockTime sample_target(std::int64_t arrival) const;

  /** How much time a sample stands for. */
  GstClockTime sample_duration() const { return options_.duration / static_cast<GstClockTime>(options_.samples); }

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
  bool by_frame_number() const { return total_frames_ >= options_.samples; }
  std::int64_t wanted_frame(std::int64_t arrival) const;
  std::int64_t frame_number(GstClockTime time) const;
  GstClockTime middle(std::int64_t arrival) const;

  Options options_;
  std::int64_t total_frames_ = 0;  // by the declared rate; 0: unknown
};

}  // namespace gvl::gst
