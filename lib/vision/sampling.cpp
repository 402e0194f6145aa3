#include "gvl/sampling.hpp"

#include <algorithm>
#include <string>

#include "gvl/error.hpp"

namespace gvl {

std::vector<std::int64_t> sample_indices(std::int64_t samples, std::int64_t total) {
  if (samples <= 0 || total <= 0) {
    throw Error(ErrorCode::kInvalidArgument,
                "cannot take " + std::to_string(samples) + " samples of " + std::to_string(total) + " frames");
  }
  const std::int64_t intervals = std::min(samples, total);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(samples), total - 1);
  // linspace(0, total, intervals + 1) in float64: i * step, as the published code rounds it.
  const double step = static_cast<double>(total) / static_cast<double>(intervals);
  const auto bound = [&](std::int64_t i) {
    const double value = static_cast<double>(i) * step;
    // From 2^53 frames on a double may round up to beyond the last frame, and to what no integer holds.
    return i == intervals || value >= static_cast<double>(total) ? total : static_cast<std::int64_t>(value);
  };
  for (std::int64_t i = 0; i < intervals; ++i) {
    const std::int64_t first = bound(i);
    const std::int64_t last = std::max(bound(i + 1) - 1, first);
    indices[static_cast<std::size_t>(i)] = first + (last - first) / 2;
  }
  return indices;
}

}  // namespace gvl
