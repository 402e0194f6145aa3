/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <vector>

#include "text/time_scale.hpp"

namespace gvl::text {

/** A referring query with its times read. */
struct TimedQuery {
  std::string text;                     ///< the times replaced by temporal tokens: "from <50> to <175>"
  std::vector<std::int64_t> temporals;  ///< the times in order, those that the query itself names as <t> included
  std::vector<double> seconds;          ///< likewise those that are times of the video
  bool bare = false;                    ///< nothing but two times, with "from ... to" or the like around them
};

/**
 * Replaces the times in a query, which are the video's, by the temporal tokens of a window. A time is
 *
 * - a number with a unit: "7.5 seconds", "7.5 s", "7s", "2 min", "1 minute 30 seconds" (also sec, secs, mins);
 * - a clock time: "0:07", "1:02:03", "0:07.5";
 * - a number without a unit where two times stand in a range: "from 2 to 7", "between 2 and 7.5 seconds",
 *   "2 to 7 s", "2-7 s". It has the unit of the range's other number, or else is in seconds. Without a unit at all a
 *   range needs "from" or "between" before it, or to be the whole query.
 *
 * Everything else stays as it is, temporal tokens among it. Letter case does not matter. A time beyond an end of the
 * window is that end. Throws Error(kInvalidArgument) for a duration that is not positive.
 */
TimedQuery read_times(std::string_view query, const TimeScale& scale, std::int64_t temporal_tokens);

}  // namespace gvl::text
