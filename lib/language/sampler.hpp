/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <random>

#include "gvl/generation.hpp"

namespace gvl::language {

/**
 * Chooses tokens: the most probable one at temperature 0, else one drawn from the smallest set of tokens whose
 * probabilities reach top_p (nucleus sampling, Holtzman et al. 2020). The same seed gives the same draws on every
 * machine.
 */
class Sampler {
 public:
  struct Choice {
    std::int64_t token = 0;
    double probability = 0;  ///< of the token under softmax(logits), whatever the temperature
  };

  explicit Sampler(const GenerationOptions& options) : options_(options), random_(options.seed) {}

  /** logits float32 [vocabulary]. */
  Choice choose(const at::Tensor& logits);

 private:
  std::int64_t draw(const float* logits, std::int64_t count, float highest);

  GenerationOptions options_;
  std::mt19937_64 random_;
};

}  // namespace gvl::language
