/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/cosine_basis.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

namespace gvl::training {
namespace {

using Frequency = std::pair<std::int64_t, std::int64_t>;  // half waves over a patch's height and width

/** `count` frequencies: the slow ones in order, and the last third spread over all that are faster. */
std::vector<Frequency> choose_frequencies(std::int64_t count, std::int64_t patch) {
  std::vector<Frequency> all;
  for (std::int64_t sum = 0; sum <= 2 * (patch - 1); ++sum) {
    for (std::int64_t u = std::max<std::int64_t>(0, sum - patch + 1); u <= std::min(sum, patch - 1); ++u) {
      all.emplace_back(u, sum - u);
    }
  }
  const auto total = static_cast<std::int64_t>(all.size()), slow = std::min(count * 2 / 3, total);
  std::vector<Frequency> chosen;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t fast = slow + (total - 1 - slow) * (i - slow) / std::max<std::int64_t>(count - slow, 1);
    chosen.push_back(all[static_cast<std::size_t>(std::clamp<std::int64_t>(i < slow ? i : fast, 0, total - 1))]);
  }
  return chosen;
}

/** [patch]: `half_waves` of a cosine (a row of the discrete cosine transform, unscaled). */
at::Tensor cosine(std::int64_t half_waves, std::int64_t patch) {
  const at::Tensor places = at::arange(patch, at::kFloat).add(0.5).div(static_cast<double>(patch));
  return places.mul(std::numbers::pi * static_cast<double>(half_waves)).cos();
}

}  // namespace

at::Tensor cosine_basis(const std::array<std::int64_t, 3>& counts, std::int64_t patch) {
  const double inputs = 3.0 * static_cast<double>(patch * patch);
  const at::Tensor colours[] = {at::tensor({1.0, 1.0, 1.0}, at::kFloat), at::tensor({1.0, -1.0, 0.0}, at::kFloat),
                                at::tensor({0.5, 0.5, -1.0}, at::kFloat)};
  std::vector<at::Tensor> filters;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (const auto& [u, v] : choose_frequencies(counts[i], patch)) {
      const double frequency = std::hypot(static_cast<double>(u), static_cast<double>(v));
      const double gain = std::min(1.0, (1 + frequency) / std::sqrt(inputs)) * 2 / static_cast<double>(patch);
      const at::Tensor picture = at::outer(cosine(u, patch), cosine(v, patch)).mul(gain / std::sqrt(3.0));
      filters.push_back(colours[i].view({3, 1, 1}).mul(picture));
    }
  }
  return at::stack(filters);
}

}  // namespace gvl::training
