/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/confidence.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gvl::timeline {
namespace {

// Pairs less probable than this together change nothing that shows.
constexpr double kNegligible = 1e-7;

// Its logarithm is finite.
constexpr double kLeastProbability = 1e-300;

}  // namespace

double words_confidence(std::span<const double> tokens) {
  double sum = 0;
  for (const double probability : tokens) sum += std::log(std::max(probability, kLeastProbability));
  return tokens.empty() ? 0 : std::exp(sum / static_cast<double>(tokens.size()));
}

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

double interval_confidence(double absent, std::span<const float> first, std::span<const float> second,
                           std::int64_t start, std::int64_t stop) {
  return (1 - absent) * expected_iou(first, second, start, stop);
}

double nothing_confidence(std::span<const double> intervals) {
  return 1 - *std::max_element(intervals.begin(), intervals.end());
}

double event_confidence(std::span<const double> windows) {
  return std::accumulate(windows.begin(), windows.end(), 0.0) / static_cast<double>(windows.size());
}

}  // namespace gvl::timeline
