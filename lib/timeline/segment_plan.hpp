/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

#include "timeline/time.hpp"

namespace gvl::timeline {

/**
 * A stretch of video divided into equal segments: which frames are sampled, and which interval each segment stands for.
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
    Time start{};
    Time duration{};           ///< positive
    std::int64_t samples = 0;  ///< of the stretch, a multiple of segments
    std::int64_t segments = 0;
    int fps_n = 0;  ///< frame rate; 0: frames come when they come
    int fps_d = 1;
    bool backward = false;
  };

  explicit SegmentPlan(const Options& options);

  Time start() const { return options_.start; }
  Time stop() const { return options_.start + options_.duration; }
  Time segment_duration() const { return duration_of(1); }
  std::int64_t segments() const { return options_.segments; }
  bool backward() const { return options_.backward; }
  std::int64_t samples() const { return options_.samples; }
  std::int64_t samples_per_segment() const { return options_.samples / options_.segments; }

  /** Sample in stream time order of the `arrival`-th that arrives. */
  std::int64_t sample_at(std::int64_t arrival) const;

  /** Whether the frame shown from `time` on is certainly the `arrival`-th sample: no later frame can be. */
  bool reached(std::int64_t arrival, Time time) const;

  /** Forwards: whether the frame of `time` comes after the `arrival`-th sample, which then is the one before it. */
  bool passed(std::int64_t arrival, Time time) const;

  /** A time at which the `arrival`-th sample is shown, away from its edges where the rate is known. */
  Time sample_target(std::int64_t arrival) const;

  /** How much time a sample stands for. */
  Time sample_duration() const { return options_.duration / options_.samples; }

  /** How long so many segments are. */
  Time duration_of(std::int64_t segments) const;

  /** How many segments arrive before the one that `time` lies in; 0 before the first, the last one's after all. */
  std::int64_t segments_before(Time time) const;

  /** Where the time begins that sample `number` in stream time order stands for. */
  Time sample_start(std::int64_t number) const;

  /** Interval of segment `position`. */
  Time segment_start(std::int64_t position) const { return options_.start + duration_of(position); }
  Time segment_stop(std::int64_t position) const { return segment_start(position + 1); }

  /** Whether `time` lies beyond the stretch's end by `slack` or more, in the direction of play. */
  bool beyond(Time time, Time slack) const;

 private:
  bool by_frame_number() const { return total_frames_ >= options_.samples; }
  std::int64_t frames_in(Time duration) const;
  std::int64_t wanted_frame(std::int64_t arrival) const;
  std::int64_t frame_number(Time time) const;
  Time middle(std::int64_t arrival) const;

  Options options_;
  std::int64_t total_frames_ = 0;  // by the declared rate; 0: unknown
};

}  // namespace gvl::timeline
