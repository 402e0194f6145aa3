/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor_size.hpp"

namespace gvl::io {

std::optional<std::int64_t> checked_elements(const std::vector<std::int64_t>& shape) noexcept {
  std::int64_t elements = 1;
  bool overflow = false;
  bool empty = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    // What is beside a dimension of 0 must not overflow either: Tensor::elements() multiplies from the left.
    if (dimension == 0) {
      empty = true;
    } else {
      overflow = overflow || __builtin_mul_overflow(elements, dimension, &elements);
    }
  }
  if (overflow) return std::nullopt;
  return empty ? 0 : elements;
}

std::optional<std::size_t> checked_bytes(DataType type, const std::vector<std::int64_t>& shape) noexcept {
  const auto elements = checked_elements(shape);
  std::int64_t bytes = 0;
  if (!elements || __builtin_mul_overflow(*elements, static_cast<std::int64_t>(size_of(type)), &bytes)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(bytes);
}

}  // namespace gvl::io
