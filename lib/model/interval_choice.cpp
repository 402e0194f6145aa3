/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/interval_choice.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "timeline/confidence.hpp"

namespace gvl::model {
namespace {

constexpr std::size_t kMostCandidates = 32;

/** The probable tokens, all others set to nothing. */
struct Probable {
  std::vector<std::int64_t> tokens;
  std::vector<float> probabilities;
};

Probable most_probable(std::span<const float> all) {
  Probable probable{{}, std::vector<float>(all.size(), 0)};
  std::vector<std::int64_t> order(all.size());
  std::iota(order.begin(), order.end(), 0);
  const std::size_t count = std::min(order.size(), kMostCandidates);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::int64_t a, std::int64_t b) {
                      return all[static_cast<std::size_t>(a)] > all[static_cast<std::size_t>(b)];
                    });
  probable.tokens.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
  for (const std::int64_t token : probable.tokens) {
    probable.probabilities[static_cast<std::size_t>(token)] = all[static_cast<std::size_t>(token)];
  }
  return probable;
}

}  // namespace

TokenInterval best_interval(std::span<const float> first, std::span<const float> second) {
  const Probable starts = most_probable(first), stops = most_probable(second);
  TokenInterval best{starts.tokens.front(), std::max(starts.tokens.front(), stops.tokens.front())};
  double most = -1;
  for (const std::int64_t start : starts.tokens) {
    for (const std::int64_t stop : stops.tokens) {
      if (stop < start) continue;
      const double expected = timeline::expected_iou(starts.probabilities, stops.probabilities, start, stop);
      if (expected <= most) continue;
      most = expected;
      best = {start, stop};
    }
  }
  return best;
}

}  // namespace gvl::model
