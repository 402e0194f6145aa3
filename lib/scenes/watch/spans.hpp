/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "gvl/task.hpp"

/** Sets of times: stretches by start that do not touch. */
namespace gvl::scenes {

using Spans = std::vector<TimeRange>;

/** Any stretches as a set: those that overlap or are less than `gap` apart become one; empty ones are dropped. */
Spans merged(Spans spans, double gap = 0);

Spans intersection(const Spans& a, const Spans& b);

/** What of [start, stop] is not in `spans`. */
Spans complement(const Spans& spans, double start, double stop);

/** Where at least `count` of several sets are at once. */
Spans covered(const std::vector<const Spans*>& sets, std::size_t count);

double length(const TimeRange& span) noexcept;
double total_length(const Spans& spans) noexcept;

/** What two stretches share, divided by what either has. */
double overlap_ratio(const TimeRange& a, const TimeRange& b) noexcept;

}  // namespace gvl::scenes
