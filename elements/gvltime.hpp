/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <optional>

#include "timeline/time.hpp"

namespace gvl::gst {

/** GStreamer's times as the engine counts them, and back. Valid ones. */
inline timeline::Time to_time(GstClockTime time) { return timeline::Time(static_cast<std::int64_t>(time)); }
inline GstClockTime to_clock_time(timeline::Time time) { return static_cast<GstClockTime>(time.count()); }

/** The same of times that may be missing, which are GST_CLOCK_TIME_NONE. */
inline std::optional<timeline::Time> to_optional_time(GstClockTime time) {
  return GST_CLOCK_TIME_IS_VALID(time) ? std::optional(to_time(time)) : std::nullopt;
}
inline GstClockTime to_clock_time(const std::optional<timeline::Time>& time) {
  return time ? to_clock_time(*time) : GST_CLOCK_TIME_NONE;
}

}  // namespace gvl::gst
