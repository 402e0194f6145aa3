/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "gvl/tensor.hpp"

namespace gvl::io {

/** Everything that files say about an element type. */
struct DataTypeTraits {
  DataType type;
  std::size_t bytes;               ///< of one element
  const char* name;                ///< in config.json, in messages, and PyTorch's: "torch.bfloat16"
  const char* safetensors;         ///< in safetensors' headers
  std::string_view torch_storage;  ///< the class of PyTorch's storages: "torch.BFloat16Storage"
  bool holds_weights;              ///< whether a model's weights may be stored as it
};

/** Every DataType, in its order. LibTorch's names are in layers/tensor_bridge.cpp. */
inline constexpr std::array kDataTypes{
    DataTypeTraits{DataType::kBool, 1, "bool", "BOOL", "BoolStorage", false},
    DataTypeTraits{DataType::kUInt8, 1, "uint8", "U8", "ByteStorage", false},
    DataTypeTraits{DataType::kInt8, 1, "int8", "I8", "CharStorage", false},
    DataTypeTraits{DataType::kInt16, 2, "int16", "I16", "ShortStorage", false},
    DataTypeTraits{DataType::kInt32, 4, "int32", "I32", "IntStorage", false},
    DataTypeTraits{DataType::kInt64, 8, "int64", "I64", "LongStorage", false},
    DataTypeTraits{DataType::kFloat16, 2, "float16", "F16", "HalfStorage", true},
    DataTypeTraits{DataType::kBFloat16, 2, "bfloat16", "BF16", "BFloat16Storage", true},
    DataTypeTraits{DataType::kFloat32, 4, "float32", "F32", "FloatStorage", true},
    DataTypeTraits{DataType::kFloat64, 8, "float64", "F64", "DoubleStorage", false},
};

constexpr const DataTypeTraits& traits_of(DataType type) noexcept { return kDataTypes[static_cast<std::size_t>(type)]; }

constexpr bool is_in_order() noexcept {
  for (std::size_t i = 0; i < kDataTypes.size(); ++i) {
    if (static_cast<std::size_t>(kDataTypes[i].type) != i) return false;
  }
  return true;
}
static_assert(is_in_order(), "a row of kDataTypes is not in DataType's order");

}  // namespace gvl::io
