/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segment-plan.hpp"

#include <algorithm>

#include "gvl/sampling.hpp"

namespace gvl::gst {

namespace {

std::int64_t frames_in(GstClockTime duration, int fps_n, int fps_d) {
  return static_cast<std::int64_t>(
      gst_util_uint64_scale_round(duration, fps_n, static_cast<guint64>(fps_d) * GST_SECOND));
}

}  // namespace

SegmentPlan::SegmentPlan(const Options& options) : options_(options) {
  if (options.fps_n > 0) total_frames_ = frames_in(options.duration, options.fps_n, options.fps_d);
}

std::int64_t SegmentPlan::sample_at(std::int64_t arrival) const {
  return options_.backward ? options_.samples - 1 - arrival : arrival;
}

std::int64_t SegmentPlan::wanted_frame(std::int64_t arrival) const {
  return sample_index(sample_at(arrival), options_.samples, total_frames_);
}

// Which frame of the stretch is shown from `time` on; negative before the stretch.
std::int64_t SegmentPlan::frame_number(GstClockTime time) const {
  const bool before_start = time < options_.start;
  const auto distance =
      frames_in(before_start ? options_.start - time : time - options_.start, options_.fps_n, options_.fps_d);
  return before_start ? -distance : distance;
}

// Of the interval that the sample stands for.
GstClockTime SegmentPlan::middle(std::int64_t arrival) const {
  return options_.start + gst_util_uint64_scale(options_.duration, 2 * sample_at(arrival) + 1, 2 * options_.samples);
}

bool SegmentPlan::reached(std::int64_t arrival, GstClockTime time) const {
  if (!by_frame_number()) return options_.backward && time <= middle(arrival);
  const auto frame = frame_number(time), wanted = wanted_frame(arrival);
  return options_.backward ? frame <= wanted : frame == wanted;
}

bool SegmentPlan::passed(std::int64_t arrival, GstClockTime time) const {
  if (options_.backward) return false;
  return by_frame_number() ? frame_number(time) > wanted_frame(arrival) : time > middle(arrival);
}

GstClockTime SegmentPlan::sample_target(std::int64_t arrival) const {
  if (!by_frame_number()) return middle(arrival);
  const auto half_frames = static_cast<guint64>(2 * wanted_frame(arrival) + 1);
  return options_.start + gst_util_uint64_scale(half_frames, static_cast<guint64>(options_.fps_d) * GST_SECOND,
                                                2 * static_cast<guint64>(options_.fps_n));
}

GstClockTime SegmentPlan::duration_of(std::int64_t segments) const {
  return gst_util_uint64_scale(options_.duration, segments, options_.segments);
}

std::int64_t SegmentPlan::segments_before(GstClockTime time) const {
  const auto offset = std::clamp(time, start(), stop() - 1) - start();
  const auto position = static_cast<std::int64_t>(gst_util_uint64_scale(offset, options_.segments, options_.duration));
  return options_.backward ? options_.segments - 1 - position : position;
}

GstClockTime SegmentPlan::sample_start(std::int64_t arrival) const {
  return options_.start + gst_util_uint64_scale(options_.duration, arrival, options_.samples);
}

GstClockTime SegmentPlan::segment_start(std::int64_t position) const { return options_.start + duration_of(position); }

bool SegmentPlan::beyond(GstClockTime time, GstClockTime slack) const {
  return options_.backward ? time + slack < options_.start : time >= stop() + slack;
}

}  // namespace gvl::gst
