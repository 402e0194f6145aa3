#include "model/confidence.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace gvl::model {
namespace {

// Pairs less probable than this together change nothing that shows.
constexpr double kNegligible = 1e-7;

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

double expected_iou(std::span<const float> first, std::span<const float> second, std::int64_t start,
                    std::int64_t stop) {
  const double a = static_cast<double>(start) - 0.5, b = static_cast<double>(stop) + 0.5;
  double expected = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] < kNegligible) continue;
    for (std::size_t j = 0; j < second.size(); ++j) {
      const double probability = static_cast<double>(first[i]) * second[j];
      if (probability < kNegligible) continue;
      const double c = static_cast<double>(std::min(i, j)) - 0.5, d = static_cast<double>(std::max(i, j)) + 0.5;
      const double common = std::min(b, d) - std::max(a, c);
      if (common > 0) expected += probability * common / (std::max(b, d) - std::min(a, c));
    }
  }
  return std::clamp(expected, 0.0, 1.0);
}

TokenInterval best_interval(std::span<const float> first, std::span<const float> second) {
  const Probable starts = most_probable(first), stops = most_probable(second);
  TokenInterval best{starts.tokens.front(), std::max(starts.tokens.front(), stops.tokens.front())};
  double most = -1;
  for (const std::int64_t start : starts.tokens) {
    for (const std::int64_t stop : stops.tokens) {
      if (stop < start) continue;
      const double expected = expected_iou(starts.probabilities, stops.probabilities, start, stop);
      if (expected <= most) continue;
      most = expected;
      best = {start, stop};
    }
  }
  return best;
}

}  // namespace gvl::model
