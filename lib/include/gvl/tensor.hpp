/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

/** Holds a Tensor's data, wherever that is. Immutable and thread safe. */
class GVL_EXPORT TensorStorage {
 public:
  virtual ~TensorStorage() = default;

  /** "cpu", "cuda:0", ... */
  virtual std::string device() const = 0;

  /**
   * The data in host memory, for as long as this lives. What lies elsewhere is copied at the first call, once for all
   * callers. Throws Error.
   */
  virtual const std::byte* map() const = 0;
};

/**
 * A dense row-major tensor, on whatever device it was made. Copies share the data, which nobody changes once a Tensor
 * holds it, so a Tensor may be read from any thread. The data need not be aligned to the element size.
 */
struct GVL_EXPORT Tensor {
  DataType type = DataType::kFloat32;
  std::vector<std::int64_t> shape;  ///< outermost dimension first; empty for a scalar

  Tensor() = default;
  /** `storage` holds bytes() bytes; none for a tensor without data. */
  Tensor(DataType type, std::vector<std::int64_t> shape, std::shared_ptr<const TensorStorage> storage = {});
  /** In host memory: `data` owns (or keeps alive) bytes() bytes. */
  Tensor(DataType type, std::vector<std::int64_t> shape, std::shared_ptr<const std::byte> data);

  std::int64_t elements() const noexcept;
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(elements()) * size_of(type); }

  bool has_data() const noexcept { return storage_ != nullptr; }
  const std::shared_ptr<const TensorStorage>& storage() const noexcept { return storage_; }

  /** The data in host memory, for as long as a Tensor holds it; null without data. Throws as TensorStorage::map(). */
  const std::byte* map() const { return storage_ ? storage_->map() : nullptr; }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(map());
  }

 private:
  std::shared_ptr<const TensorStorage> storage_;
};

/** Uninitialised host memory for a tensor; fill it, then hand it to a Tensor. Throws Error(kResource). */
GVL_EXPORT std::shared_ptr<std::byte> allocate_tensor_data(std::size_t bytes);

/** "[12, 3, 112, 112]", for messages. */
GVL_EXPORT std::string to_string(const std::vector<std::int64_t>& shape);

}  // namespace gvl
