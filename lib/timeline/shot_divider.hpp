/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <deque>

namespace gvl::timeline {

/**
 * Divides evenly spaced candidates for samples into segments that begin with a shot where one begins near enough: each
 * ends at the cut that is nearest to its planned length, within half and one and a half of it, and with its planned
 * length where there is none. In one pass; a segment is decided as soon as no nearer cut can come.
 */
class ShotDivider {
 public:
  /**
   * `length`: candidates of a segment as planned. `segments`: how many segments, `length` each, there are in all (those
   * to come are planned to share what is left evenly); 0: no end to them.
   */
  ShotDivider(std::int64_t length, std::int64_t segments)
      : length_(length), left_segments_(segments), left_(length * segments) {}

  /** The next candidate; whether another shot begins with it. */
  void add(bool cut) { cuts_.push_back(cut); }

  /** How many of the candidates that wait are the next segment, which are taken; 0: that is not known yet. */
  std::int64_t next();

  /** The same when no more candidates come: 0 when none waits. */
  std::int64_t rest();

 private:
  std::int64_t take(std::int64_t count);
  std::int64_t nearest_cut(std::int64_t wanted) const;
  std::int64_t wanted(std::int64_t left) const;

  std::int64_t length_;
  std::int64_t left_segments_;
  std::int64_t left_;
  std::deque<bool> cuts_;  // of the candidates that wait
};

}  // namespace gvl::timeline
