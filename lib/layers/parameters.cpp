/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layers/parameters.hpp"

namespace gvl::layers {

Parameters Parameters::operator/(std::string_view name) const {
  Parameters child = *this;
  child.prefix_ += std::string(name) + ".";
  return child;
}

Weight Parameters::matrix(std::string_view name, const std::vector<std::int64_t>& shape) const {
  const Weight stored = source_->matrix(prefix_ + std::string(name), shape);
  if (device_.is_cpu()) return stored;
  return stored.is_quantised() ? stored.to(device_) : Weight(stored.data.to(device_, type_));
}

std::vector<Adapter> Parameters::adapters(std::string_view name) const {
  std::vector<Adapter> adapters = source_->adapters(prefix_ + std::string(name));
  for (Adapter& adapter : adapters) {
    adapter.a = adapter.a.to(device_, activation_type());
    adapter.b = adapter.b.to(device_, activation_type());
  }
  return adapters;
}

at::Tensor Parameters::vector(std::string_view name, const std::vector<std::int64_t>& shape) const {
  const at::Tensor stored = source_->load(prefix_ + std::string(name), shape);
  // A copy also where the type fits: a mapped file's alignment is not to be relied on elementwise. What is trained is
  // no view of a file.
  return stored.to(device_, activation_type(), /*non_blocking=*/false, /*copy=*/!stored.requires_grad());
}

c10::ScalarType Parameters::activation_type() const noexcept { return device_.is_cpu() ? at::kFloat : type_; }

}  // namespace gvl::layers
