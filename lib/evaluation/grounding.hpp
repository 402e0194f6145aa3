/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace gvl::evaluation {

/** A stretch of a video, in seconds. */
struct Interval {
  double start = 0;
  double stop = 0;
};

/** Both ends are finite and stop is not before start. */
bool is_valid(const Interval& interval) noexcept;

/**
 * Temporal intersection over union, |a and b| / |a or b|, in [0, 1]. 0 when an interval is not valid (reversed, NaN,
 * infinite) and when both have no length: there is no union to share.
 */
double temporal_iou(const Interval& a, const Interval& b) noexcept;

/** The thresholds of R@1 that grounding results are published with. */
inline constexpr std::array<double, 3> kRecallThresholds{0.3, 0.5, 0.7};

/** All in [0, 1]; all 0 when count is 0. */
struct GroundingScore {
  std::size_t count = 0;                                  ///< queries
  std::array<double, kRecallThresholds.size()> recall{};  ///< R@1 at kRecallThresholds
  double mean_iou = 0;                                    ///< mIoU
};

/** R@1 and mIoU of queries whose first predictions have these IoUs. Throws Error(kInvalidArgument) outside [0, 1]. */
GroundingScore grounding_score(const std::vector<double>& ious);

/** A query's first prediction, none when nothing was found, and where the event truly is. */
struct Grounding {
  std::optional<Interval> prediction;
  Interval reference;
};

/**
 * A query's first prediction beside the reference that it overlaps most; the first one where it overlaps none. Throws
 * Error(kInvalidArgument) without references.
 */
Grounding best_match(const std::optional<Interval>& prediction, const std::vector<Interval>& references);

/** The IoU of a query: 0 without a valid prediction. Throws Error(kInvalidArgument) when the reference is not valid. */
double grounding_iou(const Grounding& grounding);

/** R@1 and mIoU of queries. Throws as grounding_iou() does. */
GroundingScore grounding_score(const std::vector<Grounding>& groundings);

}  // namespace gvl::evaluation
