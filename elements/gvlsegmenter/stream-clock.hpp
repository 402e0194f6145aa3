/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <atomic>
#include <optional>

#include "timeline/time.hpp"
#include "timeline/window_planner.hpp"

namespace gvl::gst {

/**
 * What a stream says of its times: by its caps, its GstSegment, its buffers and upstream. Members are for the streaming
 * thread unless they say otherwise. Times are stream time.
 */
class StreamClock {
 public:
  StreamClock(GstElement* element, GstPad* sinkpad);

  /** Forgets the stream; forget_position() the place in it, after a flush; forget_source() whether it was live. */
  void forget();
  void forget_source() { live_.reset(); }
  void forget_position();

  /** False after an element error. */
  bool set_caps(GstCaps* caps);
  void set_segment(const GstSegment& segment);

  bool has_caps() const { return have_info_; }
  const GstVideoInfo& info() const { return info_; }

  /** How long a frame is held back: the longest time between two, 0 where the caps do not say. Any thread. */
  GstClockTime latency() const { return latency_; }

  /** Whether the stream has times. False after an element error. */
  bool check_format() const;

  /** When a frame is shown; nothing for one outside of the GstSegment. False after an element error. */
  bool time_of(GstBuffer* buffer, std::optional<timeline::Time>* time);

  /** How long a frame says to be shown, by itself or by the frame rate; 0: it does not say. */
  timeline::Time declared_duration(GstBuffer* buffer) const;

  /** `time`, or where the GstSegment ends if that is between `from` and `time`. */
  timeline::Time within_segment(timeline::Time from, timeline::Time time) const;

  bool backward() const { return segment_.rate * segment_.applied_rate < 0; }

  /** Whether a frame at `time` does not go on from the last one: it is further away than `longest`, or steps back. */
  bool jumped(timeline::Time time, timeline::Time longest) const;

  /** A frame of that time came. */
  void passed(timeline::Time time);

  bool is_live();
  std::optional<timeline::Time> duration();
  timeline::StreamFacts facts();

 private:
  bool estimate(GstBuffer* buffer, GstClockTime* timestamp);

  GstElement* element_;
  GstPad* sinkpad_;
  GstSegment segment_;
  GstVideoInfo info_;
  bool have_info_ = false;
  std::atomic<GstClockTime> latency_{0};
  std::optional<bool> live_;
  bool segment_changed_ = false;
  std::optional<timeline::Time> last_;                 // when the last frame was shown
  GstClockTime next_timestamp_ = GST_CLOCK_TIME_NONE;  // where a frame without one would be
};

}  // namespace gvl::gst
