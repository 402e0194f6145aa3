/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gvl/config.hpp"
#include "gvl/tensor.hpp"

namespace gvl::io {

/** Everything that files and LibTorch say about an element type. */
struct DataTypeTraits {
  DataType type;
  std::size_t bytes;        ///< of one element
  const char* name;         ///< in messages, and PyTorch's: "torch.bfloat16"
  const char* safetensors;  ///< in safetensors' headers
  const char* torch;        ///< LibTorch's c10::ScalarType; PyTorch's storages are of the class "torch.NAMEStorage"
};

/** Every DataType, in its order. */
inline constexpr std::array kDataTypes{
    DataTypeTraits{DataType::kBool, 1, "bool", "BOOL", "Bool"},
    DataTypeTraits{DataType::kUInt8, 1, "uint8", "U8", "Byte"},
    DataTypeTraits{DataType::kInt8, 1, "int8", "I8", "Char"},
    DataTypeTraits{DataType::kInt16, 2, "int16", "I16", "Short"},
    DataTypeTraits{DataType::kInt32, 4, "int32", "I32", "Int"},
    DataTypeTraits{DataType::kInt64, 8, "int64", "I64", "Long"},
    DataTypeTraits{DataType::kFloat16, 2, "float16", "F16", "Half"},
    DataTypeTraits{DataType::kBFloat16, 2, "bfloat16", "BF16", "BFloat16"},
    DataTypeTraits{DataType::kFloat32, 4, "float32", "F32", "Float"},
    DataTypeTraits{DataType::kFloat64, 8, "float64", "F64", "Double"},
};

constexpr const DataTypeTraits& traits_of(DataType type) noexcept { return kDataTypes[static_cast<std::size_t>(type)]; }

/** How weights of a type are stored. */
struct WeightTypeTraits {
  WeightType type;
  const char* name;    ///< in config.json and on command lines
  int bits;            ///< of a weight
  std::int64_t block;  ///< weights of a row that share a scale; 0: numbers, each for itself
  DataType stored;     ///< the elements of a weight's tensor
  DataType floating;   ///< a floating type that goes with it: of activations on a GPU, of cached keys and values
};

/** What scales are stored as. */
inline constexpr DataType kScaleType = DataType::kBFloat16;

/** Every WeightType, in its order. */
inline constexpr std::array kWeightTypes{
    WeightTypeTraits{WeightType::kFloat16, "float16", 16, 0, DataType::kFloat16, DataType::kFloat16},
    WeightTypeTraits{WeightType::kBFloat16, "bfloat16", 16, 0, DataType::kBFloat16, DataType::kBFloat16},
    WeightTypeTraits{WeightType::kFloat32, "float32", 32, 0, DataType::kFloat32, DataType::kFloat32},
    WeightTypeTraits{WeightType::kInt8, "int8", 8, 128, DataType::kInt8, DataType::kBFloat16},
    WeightTypeTraits{WeightType::kInt4, "int4", 4, 32, DataType::kUInt8, DataType::kBFloat16},
};

constexpr const WeightTypeTraits& traits_of(WeightType type) noexcept {
  return kWeightTypes[static_cast<std::size_t>(type)];
}

/**
 * What scales are below: the greatest integer, -2^(bits - 1), times one that is less is a finite float32. Of a type
 * with blocks.
 */
constexpr float scale_limit(const WeightTypeTraits& traits) noexcept {
  float limit = 2;
  for (int power = 1; power < 129 - traits.bits; ++power) limit *= 2;
  return limit;
}

/** Whether weights may be numbers of this type, and so vectors and cached keys and values. */
constexpr bool is_weight_float(DataType type) noexcept {
  for (const WeightTypeTraits& traits : kWeightTypes) {
    if (traits.floating == type) return true;
  }
  return false;
}

template <typename Table>
constexpr bool is_in_order(const Table& table) noexcept {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].type) != i) return false;
  }
  return true;
}
static_assert(is_in_order(kDataTypes), "a row of kDataTypes is not in DataType's order");
static_assert(is_in_order(kWeightTypes), "a row of kWeightTypes is not in WeightType's order");

}  // namespace gvl::io
