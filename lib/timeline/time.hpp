/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace gvl::timeline {

/** A moment of a video, counted from where its time begins, or a stretch of it. */
using Time = std::chrono::nanoseconds;

inline double to_seconds(Time time) { return std::chrono::duration<double>(time).count(); }

/** The nearest time; what is beyond thirty years is that. */
inline Time from_seconds(double seconds) {
  constexpr double most = 1e9;
  return Time(std::llround(std::clamp(seconds, -most, most) * 1e9));
}

/** `time` * `part` / `whole`, rounded down, without overflow in between. None of them is negative; `whole` is above 0.
 */
inline Time scale(Time time, std::int64_t part, std::int64_t whole) {
  return Time(static_cast<std::int64_t>(static_cast<__int128>(time.count()) * part / whole));
}

/** The same, rounded up. */
inline Time scale_up(Time time, std::int64_t part, std::int64_t whole) {
  return Time(static_cast<std::int64_t>((static_cast<__int128>(time.count()) * part + whole - 1) / whole));
}

inline Time distance(Time a, Time b) { return a > b ? a - b : b - a; }

}  // namespace gvl::timeline
