/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/roc_auc.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/error.hpp"

namespace gvl::evaluation {

namespace {

/** Part of `sorted` scores that are `threshold` or more. */
double kept(const std::vector<double>& sorted, double threshold) {
  const auto from = std::lower_bound(sorted.begin(), sorted.end(), threshold);
  return static_cast<double>(sorted.end() - from) / static_cast<double>(sorted.size());
}

void find_threshold(std::vector<double> present, const std::vector<double>& sorted_absent, RocAuc& auc) {
  std::sort(present.begin(), present.end());
  double best = -1;
  for (const double threshold : present) {
    const double right = kept(present, threshold), wrong = kept(sorted_absent, threshold);
    if (right - wrong <= best) continue;
    best = right - wrong;
    auc.threshold = threshold;
    auc.kept_present = right;
    auc.kept_absent = wrong;
  }
}

}  // namespace

// AUC = U / (n m), U the statistic of Mann and Whitney (1947): the number of pairs in which the present query's score
// is higher, ties half (Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982).
RocAuc roc_auc(const std::vector<double>& present, const std::vector<double>& absent) {
  const auto is_nan = [](double score) { return std::isnan(score); };
  if (std::any_of(present.begin(), present.end(), is_nan) || std::any_of(absent.begin(), absent.end(), is_nan)) {
    throw Error(ErrorCode::kInvalidArgument, "a score is not a number");
  }
  RocAuc auc{0, present.size(), absent.size()};
  if (present.empty() || absent.empty()) return auc;
  std::vector<double> sorted = absent;
  std::sort(sorted.begin(), sorted.end());
  double pairs = 0;
  for (const double score : present) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
    pairs += static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
  }
  find_threshold(present, sorted, auc);
  auc.value = pairs / (static_cast<double>(present.size()) * static_cast<double>(absent.size()));
  return auc;
}

}  // namespace gvl::evaluation
