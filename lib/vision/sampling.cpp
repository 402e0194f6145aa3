/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/sampling.hpp"

#include <algorithm>
#include <string>

#include "gvl/error.hpp"

namespace gvl {

std::int64_t sample_index(std::int64_t i, std::int64_t samples, std::int64_t total) {
  if (samples <= 0 || total <= 0) {
    throw Error(ErrorCode::kInvalidArgument,
                "cannot take " + std::to_string(samples) + " samples of " + std::to_string(total) + " frames");
  }
  const std::int64_t intervals = std::min(samples, total);
  if (i >= intervals) return total - 1;
  // linspace(0, total, intervals + 1) in float64: i * step, as the published code rounds it.
  const double step = static_cast<double>(total) / static_cast<double>(intervals);
  const auto bound = [&](std::int64_t number) {
    const double value = static_cast<double>(number) * step;
    // From 2^53 frames on a double may round up to beyond the last frame, and to what no integer holds.
    return number == intervals || value >= static_cast<double>(total) ? total : static_cast<std::int64_t>(value);
  };
  const std::int64_t first = bound(i);
  const std::int64_t last = std::max(bound(i + 1) - 1, first);
  return first + (last - first) / 2;
}

std::vector<std::int64_t> sample_indices(std::int64_t samples, std::int64_t total) {
  std::vector<std::int64_t> indices{sample_index(0, samples, total)};
  for (std::int64_t i = 1; i < samples; ++i) indices.push_back(sample_index(i, samples, total));
  return indices;
}

}  // namespace gvl
