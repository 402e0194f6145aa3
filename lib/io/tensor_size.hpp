/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gvl/tensor.hpp"

namespace gvl::io {

/** More dimensions than any framework's tensors have. */
inline constexpr std::size_t kMaximumRank = 64;

/** Elements of a shape; none when a dimension is negative or the product does not fit 63 bits. */
std::optional<std::int64_t> checked_elements(const std::vector<std::int64_t>& shape) noexcept;

/** Bytes of a tensor; none when they do not fit 63 bits or the shape has no size. */
std::optional<std::size_t> checked_bytes(DataType type, const std::vector<std::int64_t>& shape) noexcept;

}  // namespace gvl::io
