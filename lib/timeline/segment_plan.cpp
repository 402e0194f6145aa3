/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/segment_plan.hpp"

#include <algorithm>

#include "gvl/sampling.hpp"

namespace gvl::timeline {

namespace {

constexpr std::int64_t kSecond = std::nano::den;

}  // namespace

SegmentPlan::SegmentPlan(const Options& options) : options_(options) {
  options_.duration = std::min(options_.duration, Time::max() - std::max(options_.start, Time()));
  if (options.fps_n > 0) total_frames_ = frames_in(options_.duration);
}

// To the nearest.
std::int64_t SegmentPlan::frames_in(Time duration) const {
  const auto frames = static_cast<__int128>(duration.count()) * options_.fps_n;
  const auto unit = static_cast<__int128>(options_.fps_d) * kSecond;
  return static_cast<std::int64_t>((frames + unit / 2) / unit);
}

std::int64_t SegmentPlan::sample_at(std::int64_t arrival) const {
  return options_.backward ? options_.samples - 1 - arrival : arrival;
}

std::int64_t SegmentPlan::wanted_frame(std::int64_t arrival) const {
  return sample_index(sample_at(arrival), options_.samples, total_frames_);
}

// Which frame of the stretch is shown from `time` on; negative before the stretch.
std::int64_t SegmentPlan::frame_number(Time time) const {
  return time < options_.start ? -frames_in(options_.start - time) : frames_in(time - options_.start);
}

// Of the interval that the sample stands for.
Time SegmentPlan::middle(std::int64_t arrival) const {
  return options_.start + scale(options_.duration, 2 * sample_at(arrival) + 1, 2 * options_.samples);
}

bool SegmentPlan::reached(std::int64_t arrival, Time time) const {
  if (!by_frame_number()) return options_.backward && time <= middle(arrival);
  const auto frame = frame_number(time), wanted = wanted_frame(arrival);
  return options_.backward ? frame <= wanted : frame == wanted;
}

bool SegmentPlan::passed(std::int64_t arrival, Time time) const {
  if (options_.backward) return false;
  return by_frame_number() ? frame_number(time) > wanted_frame(arrival) : time > middle(arrival);
}

Time SegmentPlan::sample_target(std::int64_t arrival) const {
  if (!by_frame_number()) return middle(arrival);
  const Time half_frames(2 * wanted_frame(arrival) + 1);
  return options_.start + scale(half_frames, options_.fps_d * kSecond, 2 * static_cast<std::int64_t>(options_.fps_n));
}

Time SegmentPlan::duration_of(std::int64_t segments) const {
  return scale(options_.duration, segments, options_.segments);
}

std::int64_t SegmentPlan::segments_before(Time time) const {
  const auto offset = std::clamp(time, start(), stop() - Time(1)) - start();
  const auto position = scale(offset, options_.segments, options_.duration.count()).count();
  return options_.backward ? options_.segments - 1 - position : position;
}

Time SegmentPlan::sample_start(std::int64_t number) const {
  return options_.start + scale(options_.duration, number, options_.samples);
}

bool SegmentPlan::beyond(Time time, Time slack) const {
  return options_.backward ? time + slack < options_.start : time >= stop() + slack;
}

}  // namespace gvl::timeline
