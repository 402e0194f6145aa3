/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/optimiser.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gvl::training {
namespace {

constexpr double kFirstDecay = 0.9;
constexpr double kSecondDecay = 0.999;
constexpr double kEpsilon = 1e-8;
constexpr double kMuonDecay = 0.95;

bool by_muon(const ParameterSet::Trained& parameter) { return parameter.rates.muon > 0 && parameter.tensor.dim() == 2; }

void step_by_adamw(const ParameterSet::Trained& parameter, Optimiser::Moments& moments, std::int64_t step,
                   double schedule) {
  const auto count = static_cast<double>(step);
  const double first_correction = 1 - std::pow(kFirstDecay, count);
  const double second_correction = std::sqrt(1 - std::pow(kSecondDecay, count));
  at::Tensor tensor = parameter.tensor;
  const at::Tensor gradient = tensor.grad();
  moments.first.mul_(kFirstDecay).add_(gradient, 1 - kFirstDecay);
  moments.second.mul_(kSecondDecay).addcmul_(gradient, gradient, 1 - kSecondDecay);
  const at::Tensor deviation = moments.second.sqrt().div_(second_correction).add_(kEpsilon);
  tensor.addcdiv_(moments.first, deviation, -parameter.rates.adamw * schedule / first_correction);
}

void step_by_muon(const ParameterSet::Trained& parameter, Optimiser::Moments& moments, double schedule) {
  at::Tensor tensor = parameter.tensor;
  const at::Tensor gradient = tensor.grad();
  moments.first.mul_(kMuonDecay).add_(gradient);
  const at::Tensor direction = orthogonalise(gradient.add(moments.first, kMuonDecay));
  const double shape = static_cast<double>(tensor.size(0)) / static_cast<double>(tensor.size(1));
  tensor.add_(direction, -parameter.rates.muon * schedule * std::sqrt(std::max(1.0, shape)));
}

}  // namespace

Optimiser::Optimiser(std::vector<ParameterSet::Trained> parameters) : parameters_(std::move(parameters)) {
  const at::NoGradGuard no_gradient;
  for (const auto& parameter : parameters_) {
    const at::Tensor zero = at::zeros_like(parameter.tensor.detach());
    moments_.push_back({zero, by_muon(parameter) ? at::Tensor() : zero.clone()});
  }
}

void Optimiser::step(std::int64_t step, double schedule) {
  const at::NoGradGuard no_gradient;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (step <= parameters_[i].rates.frozen_steps || !parameters_[i].tensor.grad().defined()) continue;
    if (by_muon(parameters_[i]))
      step_by_muon(parameters_[i], moments_[i], schedule);
    else
      step_by_adamw(parameters_[i], moments_[i], step, schedule);
  }
}

void Optimiser::forget(const std::string& name) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name != name) continue;
    moments_[i].first.zero_();
    if (moments_[i].second.defined()) moments_[i].second.zero_();
  }
}

at::Tensor orthogonalise(const at::Tensor& matrix) {
  constexpr int kSteps = 5;
  constexpr double kLinear = 3.4445, kCubic = -4.7750, kQuintic = 2.0315;
  const bool tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = tall ? matrix.t() : matrix;
  x = x.div(x.norm().add(1e-7));
  for (int i = 0; i < kSteps; ++i) {
    const at::Tensor square = at::matmul(x, x.t());
    x = at::addmm(x, at::addmm(square, square, square, kCubic, kQuintic), x, kLinear, 1);
  }
  return tall ? x.t() : x;
}

double schedule_at(std::int64_t step, std::int64_t total, double warmup) {
  const double rising = std::max(warmup * static_cast<double>(total), 1.0);
  const auto now = static_cast<double>(step);
  if (now + 1 < rising) return (now + 1) / rising;
  const double falling = std::max(static_cast<double>(total) - rising, 1.0);
  const double part = std::clamp((now + 1 - rising) / falling, 0.0, 1.0);
  return 0.5 * (1 + std::cos(std::numbers::pi * part));
}

}  // namespace gvl::training
