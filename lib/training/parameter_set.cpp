/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/parameter_set.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

#include "io/language_model.hpp"
#include "training/initialisation/initial_value.hpp"

namespace gvl::training {
namespace {

constexpr const char* kBlocks = "language_model.model.layers.";

bool contains(const std::string& name, const char* part) { return name.find(part) != std::string::npos; }

}  // namespace

ParameterSet::ParameterSet(Origin origin, const ModelConfig& config, TrainedParameters trained, std::uint64_t seed,
                           c10::Device device)
    : origin_(std::move(origin)), config_(config), trained_(std::move(trained)), seed_(seed), device_(device) {}

LearningRates ParameterSet::rates_of(const std::string& name) const {
  for (const ParameterGroup& group : trained_.groups) {
    if (name.starts_with(group.prefix)) return group.rates;
  }
  return {};
}

at::Tensor ParameterSet::first_value(const std::string& name, const std::vector<std::int64_t>& shape) const {
  const at::Tensor value = origin_ ? origin_(name, shape) : at::Tensor();
  return value.defined() ? value : initial_value(name, shape, config_, seed_);
}

const ParameterSet::Entry& ParameterSet::entry(const std::string& name, const std::vector<std::int64_t>& shape,
                                               LearningRates rates) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return found->second;
  at::Tensor value = first_value(name, shape);
  if (rates.adamw > 0) {
    // A copy of its own: the optimiser writes to it.
    value = value.to(device_, at::kFloat, /*non_blocking=*/false, /*copy=*/true).contiguous();
    value.set_requires_grad(true);
  } else {
    value = value.to(device_);
  }
  return entries_.emplace(name, Entry{value, rates}).first->second;
}

at::Tensor ParameterSet::load(const std::string& name, const std::vector<std::int64_t>& shape) const {
  return entry(name, shape, rates_of(name)).tensor;
}

/** A fused matrix has an adapter for each of the matrices that its checkpoint has apart. */
std::vector<ParameterSet::Slice> ParameterSet::adapter_slices(const std::string& name, std::int64_t rows) const {
  std::vector<Slice> slices;
  std::int64_t first = 0;
  for (const io::MatrixPart& part : io::language_model(config_.language.type).parts_of(name)) {
    slices.push_back({first, part.rows(config_.language)});
    first += slices.back().rows;
  }
  if (slices.empty()) slices.push_back({0, rows});
  return slices;
}

std::vector<layers::Adapter> ParameterSet::adapters(const std::string& name) const {
  const LoraOptions& lora = trained_.lora;
  if (lora.rank == 0 || !name.starts_with(kBlocks)) return {};
  const auto shape = entries_.at(name).tensor.sizes().vec();
  std::vector<layers::Adapter> adapters;
  if (shape.size() != 2) return adapters;
  for (const Slice& slice : adapter_slices(name, shape[0])) {
    const std::string number = std::to_string(adapters.size());
    adapters.push_back({entry(name + ".lora_a." + number, {lora.rank, shape[1]}, {lora.learning_rate}).tensor,
                        entry(name + ".lora_b." + number, {slice.rows, lora.rank}, {lora.learning_rate}).tensor,
                        slice.first_row, lora.alpha / static_cast<double>(lora.rank)});
  }
  return adapters;
}

std::vector<ParameterSet::Trained> ParameterSet::trained() const {
  std::vector<Trained> trained;
  for (const auto& [name, entry] : entries_) {
    if (entry.rates.adamw > 0) trained.push_back({name, entry.tensor, entry.rates});
  }
  return trained;
}

at::Tensor ParameterSet::merged(const std::string& name) const {
  const at::NoGradGuard no_gradient;
  const at::Tensor& weight = entries_.at(name).tensor;
  const std::vector<layers::Adapter> added = adapters(name);
  if (added.empty()) return weight.detach();
  at::Tensor sum = weight.detach().to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  for (const layers::Adapter& adapter : added) {
    sum.narrow(0, adapter.first_row, adapter.b.size(0)).add_(at::matmul(adapter.b, adapter.a), adapter.scale);
  }
  return sum;
}

at::Tensor ParameterSet::interpolated_with_start(const std::string& name, double share) const {
  const at::NoGradGuard no_gradient;
  const at::Tensor last = merged(name);
  if (share == 0) return last;
  return last.to(at::kFloat).lerp(first_value(name, last.sizes().vec()).to(last.device(), at::kFloat), share);
}

std::vector<std::string> ParameterSet::exported() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (!contains(name, ".lora_") && !name.starts_with(kTrainingOnly)) names.push_back(name);
  }
  return names;
}

}  // namespace gvl::training
