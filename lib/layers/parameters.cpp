#include "layers/parameters.hpp"

namespace gvl::layers {

Parameters Parameters::operator/(std::string_view name) const {
  Parameters child = *this;
  child.prefix_ += std::string(name) + ".";
  return child;
}

at::Tensor Parameters::load(std::string_view name, const std::vector<std::int64_t>& shape) const {
  return source_->load(prefix_ + std::string(name), shape);
}

at::Tensor Parameters::matrix(std::string_view name, const std::vector<std::int64_t>& shape) const {
  const at::Tensor stored = load(name, shape);
  return device_.is_cpu() ? stored : stored.to(device_, type_);
}

at::Tensor Parameters::vector(std::string_view name, const std::vector<std::int64_t>& shape) const {
  // A copy also where the type fits: a mapped file's alignment is not to be relied on elementwise.
  return load(name, shape).to(device_, activation_type(), /*non_blocking=*/false, /*copy=*/true);
}

c10::ScalarType Parameters::activation_type() const noexcept { return device_.is_cpu() ? at::kFloat : type_; }

}  // namespace gvl::layers
