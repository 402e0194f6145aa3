/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gvl/tensor.hpp"

namespace gvl::io {

/** What a pickle's global is to a reader of tensors; calling another than these is refused. */
enum class PickleRole : std::uint8_t { kDictionary, kTensor, kParameter, kStorage, kSize, kInert };

struct PickleGlobal {
  PickleRole role = PickleRole::kInert;
  DataType type = DataType::kUInt8;  ///< of a storage's elements
};

/** The global `module`.`name`; none for one that tensors do not need. */
std::optional<PickleGlobal> find_pickle_global(std::string_view module, std::string_view name) noexcept;

}  // namespace gvl::io
