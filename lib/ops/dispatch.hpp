/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include <optional>

#include "ops/cpu/kernels.hpp"
#include "ops/weight.hpp"

/** Which tensors our kernels take, and how these see them. Internal to ops/. */
namespace gvl::ops {

/** Whether a kernel that autograd does not see may read x: float32 on a CPU, and no gradient wanted. */
inline bool is_plain(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && !(c10::GradMode::is_enabled() && x.requires_grad());
}

/** How the kernels see a stored type of numbers; none for one that they do not read. */
inline std::optional<cpu::Type> kernel_type(c10::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return cpu::Type::kFloat32;
    case at::kBFloat16:
      return cpu::Type::kBFloat16;
    case at::kHalf:
      return cpu::Type::kFloat16;
    default:
      return std::nullopt;
  }
}

/** The same as is_plain() for a weight or cached tensor, which may be stored as any of these. */
inline bool is_plain_wide(const at::Tensor& x) {
  return x.is_cpu() && kernel_type(x.scalar_type()) && !(c10::GradMode::is_enabled() && x.requires_grad());
}

inline bool is_plain_wide_or_none(const at::Tensor& x) { return !x.defined() || is_plain_wide(x); }

/** Of a tensor that is_plain_wide(). */
inline cpu::Type type_of(const at::Tensor& x) { return *kernel_type(x.scalar_type()); }

inline bool is_plain_wide(const Weight& weight) {
  return weight.is_quantised() ? weight.data.is_cpu() : is_plain_wide(weight.data);
}

inline const char* bytes_of(const at::Tensor& x) { return static_cast<const char*>(x.data_ptr()); }

/** A matrix whose rows are contiguous, as the kernels see it. */
inline cpu::Rows rows_of(const at::Tensor& x, int64_t stride) {
  return {bytes_of(x), cpu::row_bytes(type_of(x), stride), type_of(x)};
}

inline cpu::Rows rows_of(const Weight& weight) {
  if (!weight.is_quantised()) return rows_of(weight.data, weight.data.stride(0));
  const cpu::Type type = weight.data.scalar_type() == at::kChar ? cpu::Type::kInt8 : cpu::Type::kInt4;
  return {bytes_of(weight.data), weight.data.size(1), type, bytes_of(weight.scales), 2 * weight.scales.size(1)};
}

/** The same weight with contiguous rows. */
inline Weight with_contiguous_rows(const Weight& weight) {
  const at::Tensor& data = weight.data;
  return weight.is_quantised() || data.stride(1) == 1 || data.size(1) == 1 ? weight : Weight(data.contiguous());
}

/** A small parameter (bias, norm weight) as the kernels read it; undefined stays so. */
inline at::Tensor as_float(const at::Tensor& x) { return x.defined() ? x.to(at::kFloat).contiguous() : x; }

inline const float* floats_or_null(const at::Tensor& x) {
  return x.defined() ? static_cast<const float*>(x.data_ptr()) : nullptr;
}

}  // namespace gvl::ops
