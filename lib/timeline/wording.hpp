/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "timeline/time.hpp"

namespace gvl::timeline {

/** "12.40": seconds, with so many decimals and a point whatever the locale. */
std::string in_seconds(Time time, int decimals);

/** "12.4": seconds, with as many decimals as that needs. */
std::string exactly_in_seconds(Time time);

/** Of a window in which what is asked for is not found. */
inline constexpr const char* kNothingFound = "It is not found.";

/** "From 1.50 seconds to 3.00 seconds.", as the model answers. */
std::string in_a_sentence(Time start, Time stop);

/** "Since 1.50 seconds.", of what goes on. */
std::string since(Time start);

/** How a clock shows a time that is not negative. */
struct ClockStyle {
  int hour_digits = 1;  ///< at least
  char separator = ':';
};

/** "1:02:03.456", rounded down. */
std::string on_a_clock(Time time, const ClockStyle& style = {});

}  // namespace gvl::timeline
