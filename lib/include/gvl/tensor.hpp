#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gvl/export.hpp"

namespace gvl {

/** Element type of a Tensor. The names are safetensors' ones in lower case. */
enum class DataType : std::uint8_t {
  kBool,
  kUInt8,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64
};

/** Bytes per element. */
GVL_EXPORT std::size_t size_of(DataType type) noexcept;

/** "float32", "bfloat16", "uint8", ...: as written in config.json and messages. */
GVL_EXPORT const char* name_of(DataType type) noexcept;

/**
 * A dense row-major tensor in host memory. Copies share the data, which nobody changes once a Tensor holds it,
 * so a Tensor may be read from any thread. The data need not be aligned to the element size.
 */
struct GVL_EXPORT Tensor {
  DataType type = DataType::kFloat32;
  std::vector<std::int64_t> shape;        ///< outermost dimension first; empty for a scalar
  std::shared_ptr<const std::byte> data;  ///< owns (or keeps alive) bytes() bytes

  std::int64_t elements() const noexcept;
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(elements()) * size_of(type); }

  template <typename T>
  const T* as() const noexcept {
    return reinterpret_cast<const T*>(data.get());
  }
};

/** Uninitialised host memory for a tensor; fill it, then hand it to a Tensor. Throws Error(kResource). */
GVL_EXPORT std::shared_ptr<std::byte> allocate_tensor_data(std::size_t bytes);

/** "[12, 3, 112, 112]", for messages. */
GVL_EXPORT std::string to_string(const std::vector<std::int64_t>& shape);

}  // namespace gvl
