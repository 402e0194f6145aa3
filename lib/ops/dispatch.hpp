#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include "ops/cpu/kernels.hpp"

/** Which tensors our kernels take, and how these see them. Internal to ops/. */
namespace gvl::ops {

/** Whether a kernel that autograd does not see may read x: float32 on a CPU, and no gradient wanted. */
inline bool is_plain(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && !(c10::GradMode::is_enabled() && x.requires_grad());
}

/** The same for a weight or cached tensor, which may also be stored as bfloat16 or float16. */
inline bool is_plain_wide(const at::Tensor& x) {
  const auto type = x.scalar_type();
  return x.is_cpu() && (type == at::kFloat || type == at::kBFloat16 || type == at::kHalf) &&
         !(c10::GradMode::is_enabled() && x.requires_grad());
}

inline bool is_plain_wide_or_none(const at::Tensor& x) { return !x.defined() || is_plain_wide(x); }

inline cpu::Type type_of(const at::Tensor& x) {
  const auto type = x.scalar_type();
  return type == at::kFloat ? cpu::Type::kFloat32 : type == at::kBFloat16 ? cpu::Type::kBFloat16 : cpu::Type::kFloat16;
}

inline const char* bytes_of(const at::Tensor& x) { return static_cast<const char*>(x.data_ptr()); }

/** A small parameter (bias, norm weight) as the kernels read it; undefined stays so. */
inline at::Tensor as_float(const at::Tensor& x) { return x.defined() ? x.to(at::kFloat).contiguous() : x; }

inline const float* floats_or_null(const at::Tensor& x) {
  return x.defined() ? static_cast<const float*>(x.data_ptr()) : nullptr;
}

}  // namespace gvl::ops
