/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <vector>

namespace gvl::evaluation {

/** How well a score tells queries whose event is there from those whose event is not. */
struct RocAuc {
  double value = 0;         ///< in [0, 1], 0.5 is chance; 0 when either count is 0
  std::size_t present = 0;  ///< queries whose event is there
  std::size_t absent = 0;
  /** The score that keeps the most of what is there and the least of what is not (Youden 1950); 0 without both. */
  double threshold = 0;
  double kept_present = 0;  ///< part of the present queries that have it or more
  double kept_absent = 0;   ///< likewise
};

/**
 * Area under the ROC curve: the chance that a present query has a higher score than an absent one, equal scores
 * counting half. Scores may be infinite; throws Error(kInvalidArgument) for NaN. O(n log n).
 */
RocAuc roc_auc(const std::vector<double>& present, const std::vector<double>& absent);

}  // namespace gvl::evaluation
