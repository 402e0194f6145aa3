#include "model/confidence.hpp"

#include <algorithm>

namespace gvl::model {
namespace {

// Pairs less probable than this together change nothing that shows.
constexpr double kNegligible = 1e-7;

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

}  // namespace gvl::model
