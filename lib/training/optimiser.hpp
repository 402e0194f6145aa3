/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "training/parameter_set.hpp"

namespace gvl::training {

/**
 * AdamW without weight decay (Loshchilov & Hutter 2019, algorithm 2 with lambda = 0): beta 0.9 and 0.999, epsilon 1e-8.
 * Matrices with a rate for it learn by Muon instead (Jordan et al. 2024, "Muon: An optimizer for hidden layers in
 * neural networks"): Nesterov momentum 0.95, of which every step takes the nearest orthogonal matrix.
 * The moments are open, so that a checkpoint holds them whatever the LibTorch version.
 */
class Optimiser {
 public:
  explicit Optimiser(std::vector<ParameterSet::Trained> parameters);

  struct Moments {
    at::Tensor first, second;  ///< float32, as the parameter; second is undefined for Muon
  };

  /** One step along the parameters' gradients; `schedule` multiplies every learning rate. `step` counts from 1. */
  void step(std::int64_t step, double schedule);

  /** The moments of the parameter `name` begin again, as its values have been replaced. */
  void forget(const std::string& name);

  const std::vector<ParameterSet::Trained>& parameters() const noexcept { return parameters_; }
  std::vector<Moments>& moments() noexcept { return moments_; }

 private:
  std::vector<ParameterSet::Trained> parameters_;
  std::vector<Moments> moments_;
};

/**
 * U V^T of the gradient's singular value decomposition U S V^T, nearly: singular values come to lie between about 0.7
 * and 1.2 (five steps of Newton and Schulz's iteration with Muon's polynomial). `matrix` is [rows, columns], float32.
 */
at::Tensor orthogonalise(const at::Tensor& matrix);

/** Linear warm-up to 1 over the first warmup * total steps, then half a cosine to 0. `step` counts from 0. */
double schedule_at(std::int64_t step, std::int64_t total, double warmup);

}  // namespace gvl::training
