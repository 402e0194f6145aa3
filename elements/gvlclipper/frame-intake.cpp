/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-intake.hpp"

#include <cstdlib>

#include "keyframe.hpp"

namespace gvl::gst {

namespace {

// A step back by less is jitter of decoding order. A step on is none: a frame may be shown for long.
constexpr StreamTime kStepBack = GST_SECOND;
// Frames that are not shown as they are decoded differ by more in how much later they are.
constexpr StreamTime kReordered = GST_MSECOND;

/** What the segment shows; where it says nothing of that, all. */
void set_bounds(const GstSegment& segment, KeptFrame& frame) {
  const auto start = stream_time_of(segment, segment.start), stop = stream_time_of(segment, segment.stop);
  if (segment.rate < 0) return;
  if (start) frame.shown_from = *start;
  if (stop) frame.shown_until = *stop;
}

}  // namespace

std::optional<StreamTime> stream_time_of(const GstSegment& segment, GstClockTime timestamp) {
  guint64 time = 0;
  if (!GST_CLOCK_TIME_IS_VALID(timestamp) || segment.format != GST_FORMAT_TIME) return std::nullopt;
  // Decoding may begin before the segment does.
  const int sign = gst_segment_to_stream_time_full(&segment, GST_FORMAT_TIME, timestamp, &time);
  if (sign == 0 || time > G_MAXINT64) return std::nullopt;
  return sign * static_cast<StreamTime>(time);
}

void FrameIntake::set_caps(GstCaps* caps) {
  caps_ = own(gst_caps_ref(caps));
  reordered_ = false;
  delay_.reset();
}

void FrameIntake::reset() {
  caps_.reset();
  last_time_.reset();
}

bool FrameIntake::raw() const { return is_raw(caps_.get()); }

bool FrameIntake::may_be_reordered() const {
  const gchar* name = gst_structure_get_name(gst_caps_get_structure(caps_.get(), 0));
  return g_str_equal(name, "video/x-h264") || g_str_equal(name, "video/x-h265") || g_str_equal(name, "video/mpeg");
}

/** Of a frame that says when it is decoded, and perhaps when it is shown. */
void FrameIntake::set_time(KeptFrame& frame, std::optional<StreamTime> shown) {
  if (!shown) {
    // AVI says of keyframes alone when they are shown, or what it takes for that.
    frame.guessed = reordered_ || (!delay_ && !frame.keyframe && may_be_reordered());
    frame.time = *frame.decode_time + delay_.value_or(0);
    return;
  }
  frame.time = *shown;
  if (!frame.decode_time || frame.keyframe) return;
  const StreamTime delay = *shown - *frame.decode_time;
  if (delay_ && std::abs(delay - *delay_) > kReordered) reordered_ = true;
  delay_ = delay;
}

std::optional<KeptFrame> FrameIntake::take(const GstSegment& segment, GstBuffer* buffer) {
  KeptFrame frame;
  const auto shown = stream_time_of(segment, GST_BUFFER_PTS(buffer));
  frame.decode_time = stream_time_of(segment, GST_BUFFER_DTS(buffer));
  if (!shown && !frame.decode_time) return std::nullopt;
  frame.keyframe = is_keyframe(caps_.get(), buffer);
  set_time(frame, shown);
  if (GST_BUFFER_DURATION_IS_VALID(buffer)) frame.duration = static_cast<StreamTime>(GST_BUFFER_DURATION(buffer));
  set_bounds(segment, frame);
  frame.caps = caps_;
  // The memory only: a pool's buffer goes back to it.
  frame.buffer = own(gst_buffer_copy(buffer));
  return frame;
}

bool FrameIntake::goes_back(StreamTime time) {
  const bool back = last_time_ && time + kStepBack < *last_time_;
  last_time_ = time;
  return back;
}

}  // namespace gvl::gst
