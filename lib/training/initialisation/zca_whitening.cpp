/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/zca_whitening.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>

#include <cmath>
#include <string>
#include <vector>

#include "ops/ops.hpp"
#include "training/batch.hpp"

namespace gvl::training {
namespace {

// Of the mean variance: directions with less are not blown up to the size of the others.
constexpr double kLeastVariance = 1e-3;

struct Linear {
  at::Tensor weight, bias;
};

Linear whitening(const at::Tensor& features, std::int64_t out, at::Generator& generator) {
  const at::Tensor x = features.to(at::kDouble);
  const at::Tensor mean = x.mean(0), centred = x.sub(mean);
  const at::Tensor covariance = at::matmul(centred.t(), centred).div(static_cast<double>(x.size(0)));
  const auto [values, vectors] = at::linalg_eigh(covariance);
  const at::Tensor variances = values.clamp_min(0).add(values.mean().mul(kLeastVariance));
  at::Tensor weight = at::matmul(vectors.mul(variances.rsqrt()), vectors.t());
  if (out != x.size(1)) {
    const double deviation = 1 / std::sqrt(static_cast<double>(x.size(1)));
    const at::Tensor mix = at::randn({out, x.size(1)}, generator, at::kDouble).mul(deviation).to(x.device());
    weight = at::matmul(mix, weight);
  }
  return {weight.to(at::kFloat), at::matmul(weight, mean).neg().to(at::kFloat)};
}

/** A trained linear layer, by name; undefined tensors where it is not trained. */
Linear find(const std::vector<ParameterSet::Trained>& trained, const std::string& name) {
  Linear linear;
  for (const ParameterSet::Trained& parameter : trained) {
    if (parameter.name == name + ".weight") linear.weight = parameter.tensor;
    if (parameter.name == name + ".bias") linear.bias = parameter.tensor;
  }
  return linear;
}

void whiten_projector(const ParameterSet& parameters, const std::string& name, const at::Tensor& features,
                      std::uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  at::Tensor x = features.flatten(0, -2).to(at::kFloat);
  for (const char* layer : {".linear_1", ".linear_2"}) {
    const Linear target = find(parameters.trained(), name + layer);
    if (!target.weight.defined() || !target.bias.defined()) return;
    const Linear first = whitening(x, target.weight.size(0), generator);
    target.weight.detach().copy_(first.weight);
    target.bias.detach().copy_(first.bias);
    x = ops::gelu(at::linear(x, first.weight, first.bias));
  }
}

}  // namespace

void whiten_projectors(const model::Network& network, const ParameterSet& parameters, std::span<const Sample> samples,
                       std::uint64_t seed) {
  const at::NoGradGuard no_gradient;
  const Cancellation never;
  std::vector<at::Tensor> spatial, temporal;
  for (const Sample& sample : samples) {
    const TokenizedSample no_texts;
    const Batch batch = make_batch({&sample, 1}, {&no_texts, 1});
    spatial.push_back(network.encode_spatial(batch.spatial.pixels, never));
    temporal.push_back(network.encode_temporal(batch.temporal.pixels, never));
  }
  whiten_projector(parameters, "spatial_projector", at::cat(spatial), seed);
  whiten_projector(parameters, "temporal_projector", at::cat(temporal), seed);
}

}  // namespace gvl::training
