/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "gvl/error.hpp"

namespace gvl::language {

std::int64_t Sampler::draw(const float* logits, std::int64_t count, float highest) {
  std::vector<double> weights(static_cast<std::size_t>(count));
  double total = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    weights[i] = std::exp((static_cast<double>(logits[i]) - highest) / options_.temperature);
    total += weights[i];
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return weights[a] > weights[b]; });

  double kept = 0;
  std::size_t candidates = 0;
  while (candidates < order.size() && (candidates == 0 || kept < options_.top_p * total)) {
    kept += weights[order[candidates++]];
  }
  // 53 random bits as a fraction: std::uniform_real_distribution differs between standard libraries.
  double rest = static_cast<double>(random_() >> 11) * 0x1.0p-53 * kept;
  for (std::size_t i = 0; i < candidates; ++i) {
    rest -= weights[order[i]];
    if (rest < 0) return order[i];
  }
  return order[candidates - 1];
}

Sampler::Choice Sampler::choose(const at::Tensor& logits) {
  const at::Tensor host = logits.to(at::kCPU, at::kFloat).contiguous();
  const float* values = host.data_ptr<float>();
  const std::int64_t count = host.numel();
  const std::int64_t best = std::max_element(values, values + count) - values;
  double total = 0;
  for (std::int64_t i = 0; i < count; ++i) total += std::exp(static_cast<double>(values[i]) - values[best]);
  if (!std::isfinite(total)) {
    throw Error(ErrorCode::kMalformed, "the language model computed values that are not numbers: damaged weights?");
  }

  Choice choice;
  choice.token = options_.temperature > 0 ? draw(values, count, values[best]) : best;
  choice.probability = std::exp(static_cast<double>(values[choice.token]) - values[best]) / total;
  return choice;
}

}  // namespace gvl::language
