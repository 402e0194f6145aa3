/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/rope.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/tensor.h>

#include <cmath>

namespace gvl::language {
namespace {

double attention_factor(const LanguageModelConfig& config) {
  if (config.original_max_positions == 0 || config.max_positions <= config.original_max_positions) return 1.0;
  const double original = static_cast<double>(config.original_max_positions);
  return std::sqrt(1.0 + std::log(static_cast<double>(config.max_positions) / original) / std::log(original));
}

at::Tensor inverse_frequencies(const LanguageModelConfig& config, RopeFactors factors) {
  const std::int64_t head_size = config.head_size();
  const at::Tensor exponents = at::arange(0, head_size, 2, at::kFloat).div(static_cast<double>(head_size));
  at::Tensor base = at::pow(config.rope_theta, exponents);
  const std::vector<double>& factor =
      factors == RopeFactors::kLong ? config.rope_long_factor : config.rope_short_factor;
  if (!factor.empty()) base = at::tensor(factor, at::kFloat).mul(base);
  return base.reciprocal();
}

}  // namespace

RopeFactors rope_factors_for(const LanguageModelConfig& config, std::int64_t length) noexcept {
  return config.original_max_positions > 0 && length > config.original_max_positions ? RopeFactors::kLong
                                                                                     : RopeFactors::kShort;
}

RopeTable rope_table(const LanguageModelConfig& config, RopeFactors factors, std::int64_t start, std::int64_t count,
                     c10::Device device) {
  const at::Tensor positions = at::arange(start, start + count, at::kLong).to(at::kFloat);
  const at::Tensor angles = at::outer(positions, inverse_frequencies(config, factors));
  const double factor = attention_factor(config);
  return {angles.cos().mul(factor).to(device), angles.sin().mul(factor).to(device)};
}

}  // namespace gvl::language
