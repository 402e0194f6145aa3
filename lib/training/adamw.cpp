#include "training/adamw.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gvl::training {
namespace {

constexpr double kFirstDecay = 0.9;
constexpr double kSecondDecay = 0.999;
constexpr double kEpsilon = 1e-8;

}  // namespace

AdamW::AdamW(std::vector<ParameterSet::Trained> parameters) : parameters_(std::move(parameters)) {
  const at::NoGradGuard no_gradient;
  for (const auto& parameter : parameters_) {
    const at::Tensor zero = at::zeros_like(parameter.tensor.detach());
    moments_.push_back({zero, zero.clone()});
  }
}

void AdamW::step(std::int64_t step, double schedule) {
  const at::NoGradGuard no_gradient;
  const auto count = static_cast<double>(step);
  const double first_correction = 1 - std::pow(kFirstDecay, count);
  const double second_correction = std::sqrt(1 - std::pow(kSecondDecay, count));
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor gradient = parameters_[i].tensor.grad();
    if (!gradient.defined()) continue;
    auto& [first, second] = moments_[i];
    first.mul_(kFirstDecay).add_(gradient, 1 - kFirstDecay);
    second.mul_(kSecondDecay).addcmul_(gradient, gradient, 1 - kSecondDecay);
    const at::Tensor deviation = second.sqrt().div_(second_correction).add_(kEpsilon);
    at::Tensor tensor = parameters_[i].tensor;
    tensor.addcdiv_(first, deviation, -parameters_[i].learning_rate * schedule / first_correction);
  }
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
