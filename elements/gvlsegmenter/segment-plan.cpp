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
  if (constant_rate()) {
    const auto total = std::max<std::int64_t>(1, frames_in(options.duration, options.fps_n, options.fps_d));
    frames_ = sample_indices(options.samples, total);
    return;
  }
  for (std::int64_t i = 0; i < options.samples; ++i)
    targets_.push_back(options.start + gst_util_uint64_scale(options.duration, 2 * i + 1, 2 * options.samples));
}

std::int64_t SegmentPlan::sample_at(std::int64_t arrival) const {
  return options_.backward ? options_.samples - 1 - arrival : arrival;
}

bool SegmentPlan::reached(std::int64_t arrival, GstClockTime time) const {
  if (!constant_rate()) return options_.backward && time <= targets_[sample_at(arrival)];
  const bool before_start = time < options_.start;
  const auto distance =
      frames_in(before_start ? options_.start - time : time - options_.start, options_.fps_n, options_.fps_d);
  const auto frame = before_start ? -distance : distance;
  const auto wanted = frames_[sample_at(arrival)];
  return options_.backward ? frame <= wanted : frame >= wanted;
}

bool SegmentPlan::passed(std::int64_t arrival, GstClockTime time) const {
  return !constant_rate() && !options_.backward && time > targets_[sample_at(arrival)];
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
