/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <vector>

#include "timeline/found_span.hpp"

namespace gvl::timeline {

/**
 * When something is there, comes or goes, from how sure a detector is of it in each of a window's samples. s are these
 * scores, each the mean of `smoothing` neighbours, as a detector misses a thing now and then.
 *
 * - Presence: runs of samples with s >= part * max(s), joined where no more than `gap` samples part them. Confidence is
 * the mean of s over a run.
 * - Arrival: where the mean of the scores over `change` samples behind exceeds that before by most, and by part *
 * max(s) at least. The `change` samples around are it: what comes is seen when part of it is there. The difference is
 * its confidence. What is there from the window's start on does not arrive.
 *   Misses of up to `gap` samples are no arrivals.
 * - Departure: the same backwards in time.
 */
struct PresenceSearch {
  std::size_t smoothing = 3;  ///< samples, odd
  double part = 0.4;          ///< of the highest score, 0-1
  std::size_t gap = 1;        ///< samples
  std::size_t change = 2;     ///< samples that an arrival or a departure takes, at least 1
};

/** At most `most` spans, the surest ones, in order of time. None where nothing scores above 0. `scores`: 0-1. */
std::vector<FoundSpan> find_presence(const std::vector<double>& scores, const PresenceSearch& search, std::size_t most);
std::vector<FoundSpan> find_arrivals(const std::vector<double>& scores, const PresenceSearch& search, std::size_t most);
std::vector<FoundSpan> find_departures(std::vector<double> scores, const PresenceSearch& search, std::size_t most);

}  // namespace gvl::timeline
