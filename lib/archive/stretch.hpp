/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

#include "archive/index_reader.hpp"
#include "archive/segment_record.hpp"

namespace gvl::archive {

/** A part of what was indexed: by UTC, or by the streams' own times. Without times all of it. */
struct Stretch {
  std::optional<Time> from;
  std::optional<Time> to;
  bool utc = false;

  bool is_all() const { return !from && !to; }

  /** The days whose files may hold it. */
  UtcRange days() const { return utc ? UtcRange{from, to} : UtcRange{}; }

  /** Whether times of the stream at this segment, from `start` to `stop`, touch it. What has no UTC touches no UTC. */
  bool touches(const SegmentFacts& at, Time start, Time stop) const {
    if (is_all()) return true;
    if (utc && !at.utc_start) return false;
    const Time ahead = utc ? *at.utc_start - at.start : Time();
    return (!from || stop + ahead > *from) && (!to || start + ahead < *to);
  }

  /** Whether a window that touches it may hold the segment. */
  bool is_near(const SegmentFacts& segment) const {
    const Time window = (segment.stop - segment.start) * segment.window;
    return touches(segment, segment.start - 2 * window, segment.stop + 2 * window);
  }
};

}  // namespace gvl::archive
