/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/grounding.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/error.hpp"

namespace gvl::evaluation {

bool is_valid(const Interval& interval) noexcept {
  return std::isfinite(interval.start) && std::isfinite(interval.stop) && interval.start <= interval.stop;
}

double temporal_iou(const Interval& a, const Interval& b) noexcept {
  if (!is_valid(a) || !is_valid(b)) return 0;
  const double shared = std::min(a.stop, b.stop) - std::max(a.start, b.start);
  if (!(shared > 0)) return 0;
  // They overlap, so the union has no gap: it reaches from the first start to the last stop.
  return shared / (std::max(a.stop, b.stop) - std::min(a.start, b.start));
}

// R@1, IoU = m: the share of queries whose first prediction has an IoU of at least m (Gao et al., "TALL: Temporal
// Activity Localization via Language Query", ICCV 2017). mIoU: the mean IoU of first predictions.
GroundingScore grounding_score(const std::vector<double>& ious) {
  GroundingScore score;
  for (const double iou : ious) {
    if (!(iou >= 0 && iou <= 1)) throw Error(ErrorCode::kInvalidArgument, "an IoU is not between 0 and 1");
    for (std::size_t i = 0; i < kRecallThresholds.size(); ++i) score.recall[i] += iou >= kRecallThresholds[i];
    score.mean_iou += iou;
  }
  score.count = ious.size();
  if (ious.empty()) return score;
  const auto count = static_cast<double>(score.count);
  for (double& recall : score.recall) recall /= count;
  score.mean_iou /= count;
  return score;
}

// What happens several times is found by an answer that is one of them: so R@1 of QVHighlights has it (Lei et al.,
// "Detecting Moments and Highlights in Videos via Natural Language Queries", NeurIPS 2021). With one reference it is
// R@1 as above.
Grounding best_match(const std::optional<Interval>& prediction, const std::vector<Interval>& references) {
  if (references.empty()) throw Error(ErrorCode::kInvalidArgument, "a query has no reference interval");
  if (!prediction) return {prediction, references.front()};
  const auto less = [&](const Interval& a, const Interval& b) {
    return temporal_iou(*prediction, a) < temporal_iou(*prediction, b);
  };
  return {prediction, *std::max_element(references.begin(), references.end(), less)};
}

double grounding_iou(const Grounding& grounding) {
  if (!is_valid(grounding.reference)) {
    throw Error(ErrorCode::kInvalidArgument, "a reference interval is reversed or not finite");
  }
  return grounding.prediction ? temporal_iou(*grounding.prediction, grounding.reference) : 0;
}

GroundingScore grounding_score(const std::vector<Grounding>& groundings) {
  std::vector<double> ious;
  ious.reserve(groundings.size());
  for (const Grounding& grounding : groundings) ious.push_back(grounding_iou(grounding));
  return grounding_score(ious);
}

}  // namespace gvl::evaluation
