#include "gvl/sampling.hpp"

#include <algorithm>

namespace gvl {

std::vector<std::int64_t> sample_indices(std::int64_t samples, std::int64_t total) {
  const std::int64_t intervals = std::min(samples, total);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(samples), total - 1);
  // linspace(0, total, intervals + 1) in float64: i * step, as the published code rounds it.
  const double step = static_cast<double>(total) / static_cast<double>(intervals);
  const auto bound = [&](std::int64_t i) {
    return i == intervals ? total : static_cast<std::int64_t>(static_cast<double>(i) * step);
  };
  for (std::int64_t i = 0; i < intervals; ++i) {
    indices[static_cast<std::size_t>(i)] = (bound(i) + bound(i + 1) - 1) / 2;
  }
  return indices;
}

}  // namespace gvl
