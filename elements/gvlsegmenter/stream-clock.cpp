/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream-clock.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gvltime.hpp"

namespace gvl::gst {

using timeline::Time;

namespace {

// Timestamps that step back by less are jitter; a new segment that goes on within it is no jump.
constexpr Time kJump = std::chrono::seconds(1);

GstClockTime interval_of(const GstVideoInfo& info, const GstCaps* caps) {
  int n = GST_VIDEO_INFO_FPS_N(&info);
  int d = GST_VIDEO_INFO_FPS_D(&info);
  if (n <= 0) gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "max-framerate", &n, &d);
  return n > 0 && d > 0 ? gst_util_uint64_scale(GST_SECOND, d, n) : 0;
}

// Some streams count from 1900. What is later than any of these is no time, so that nothing that is computed of times
// and durations overflows.
constexpr GstClockTime kLatest = G_MAXINT64 / 2;
constexpr GstClockTime kLongest = G_MAXINT64 / 4;

std::optional<Time> sane_time(GstClockTime time, GstClockTime latest = kLatest) {
  return time <= latest ? std::optional(to_time(time)) : std::nullopt;
}

}  // namespace

StreamClock::StreamClock(GstElement* element, GstPad* sinkpad) : element_(element), sinkpad_(sinkpad) { forget(); }

void StreamClock::forget() {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  gst_video_info_init(&info_);
  have_info_ = false;
  latency_ = 0;
  live_.reset();
  forget_position();
}

void StreamClock::forget_position() {
  last_.reset();
  next_timestamp_ = GST_CLOCK_TIME_NONE;
  segment_changed_ = false;
}

bool StreamClock::set_caps(GstCaps* caps) {
  if (!gst_video_info_from_caps(&info_, caps)) {
    gchar* text = gst_caps_to_string(caps);
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT,
                      ("This raw video format is not known to %s.", GST_OBJECT_NAME(element_)), ("caps %s", text));
    g_free(text);
    return false;
  }
  have_info_ = true;
  const auto interval = interval_of(info_, caps);
  if (latency_.exchange(interval) != interval)
    gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
  return true;
}

void StreamClock::set_segment(const GstSegment& segment) {
  gst_segment_copy_into(&segment, &segment_);
  segment_changed_ = true;
  next_timestamp_ = GST_CLOCK_TIME_NONE;
}

bool StreamClock::check_format() const {
  if (segment_.format == GST_FORMAT_TIME) return true;
  GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("The video stream has no times."),
                    ("expected a segment in time format, got %s", gst_format_get_name(segment_.format)));
  return false;
}

// A frame without a timestamp comes where the frame rate puts it.
bool StreamClock::estimate(GstBuffer* buffer, GstClockTime* timestamp) {
  const GstClockTime interval = GST_VIDEO_INFO_FPS_N(&info_) > 0 ? latency_.load() : 0;
  *timestamp = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(*timestamp) && interval) {
    const bool first = !GST_CLOCK_TIME_IS_VALID(next_timestamp_);
    *timestamp = !first ? next_timestamp_ : segment_.rate > 0 ? segment_.start : segment_.stop - interval;
  }
  if (!GST_CLOCK_TIME_IS_VALID(*timestamp)) return false;
  if (segment_.rate > 0)
    next_timestamp_ = *timestamp + interval;
  else
    next_timestamp_ = *timestamp > interval ? *timestamp - interval : 0;
  return true;
}

bool StreamClock::time_of(GstBuffer* buffer, std::optional<Time>* time) {
  GstClockTime timestamp;
  if (!estimate(buffer, &timestamp)) {
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("The video frames have no timestamps."),
                      ("and the caps give no frame rate to estimate them from"));
    return false;
  }
  *time = sane_time(gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, timestamp));
  return true;
}

Time StreamClock::declared_duration(GstBuffer* buffer) const {
  const auto duration = sane_time(GST_BUFFER_DURATION(buffer), kLongest).value_or(Time());
  if (duration > Time() || GST_VIDEO_INFO_FPS_N(&info_) <= 0) return duration;
  return to_time(latency_);
}

Time StreamClock::within_segment(Time from, Time time) const {
  const auto end = sane_time(gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME,
                                                        segment_.applied_rate < 0 ? segment_.start : segment_.stop));
  return end && *end > from ? std::min(time, *end) : time;
}

bool StreamClock::jumped(Time time, Time longest) const {
  if (!last_) return false;
  const Time moved = time - *last_, expected = backward() ? Time() : to_time(latency_);
  if (timeline::distance(time, *last_) > longest) return true;
  if (segment_changed_) return moved < expected - kJump || moved > expected + kJump;
  return backward() ? moved > kJump : moved < -kJump;
}

void StreamClock::passed(Time time) {
  last_ = time;
  segment_changed_ = false;
}

bool StreamClock::is_live() {
  if (live_) return *live_;
  gboolean live = FALSE;
  GstQuery* query = gst_query_new_latency();
  if (gst_pad_peer_query(sinkpad_, query)) gst_query_parse_latency(query, &live, nullptr, nullptr);
  gst_query_unref(query);
  live_ = live;
  return live;
}

std::optional<Time> StreamClock::duration() {
  gint64 duration = 0;
  if (is_live() || !gst_pad_peer_query_duration(sinkpad_, GST_FORMAT_TIME, &duration) || duration <= 0)
    return std::nullopt;
  return sane_time(static_cast<GstClockTime>(duration), kLongest);
}

timeline::StreamFacts StreamClock::facts() {
  timeline::StreamFacts facts{.live = is_live(),
                              .backward = backward(),
                              .fps_n = GST_VIDEO_INFO_FPS_N(&info_),
                              .fps_d = GST_VIDEO_INFO_FPS_D(&info_),
                              .longest_interval = to_time(latency_),
                              .duration = duration()};
  facts.low = sane_time(gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, segment_.start));
  facts.high = sane_time(gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, segment_.stop));
  if (segment_.applied_rate < 0) std::swap(facts.low, facts.high);
  return facts;
}

}  // namespace gvl::gst
