/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gvl/tensor.hpp"
#include "io/safetensors.hpp"

namespace gvl::io {

/**
 * The tensors of a model: one safetensors file, or a folder with `model.safetensors`, or with
 * `model.safetensors.index.json` and the shards that it names. Nothing is read until it is used. Thread safe; copies
 * share the mapping, and so do the Tensors, which keep it alive.
 */
class Weights {
 public:
  /**
   * Throws Error naming the file, and the tensor or member, at fault: what SafetensorsFile::open() throws, and for a
   * bad index (a shard's name that is no plain file name, a shard that lacks its tensor) Error(kMalformed).
   */
  static Weights open(const std::filesystem::path& path);

  /** Sorted. */
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const { return file_of_.count(name) != 0; }
  /** Type and shape, without touching the data. Throws as get(). */
  const TensorInfo& info(const std::string& name) const { return file_of(name).info(name); }

  /** The file that holds it. Throws as get(). */
  const std::filesystem::path& path_of(const std::string& name) const { return file_of(name).path(); }

  /** A view of the mapping. Throws Error(kMalformed) when there is no such tensor. */
  Tensor get(const std::string& name) const { return file_of(name).get(name); }
  /** The same; throws Error(kMalformed) with file, name and both shapes also when the shape is another. */
  Tensor get(const std::string& name, const std::vector<std::int64_t>& expected_shape) const;

  /** Bytes of all tensors. */
  std::size_t total_bytes() const noexcept { return total_bytes_; }

 private:
  Weights() = default;

  static Weights open_index(const std::filesystem::path& index);
  void add(std::shared_ptr<const SafetensorsFile> file, const std::string& name);
  const SafetensorsFile& file_of(const std::string& name) const;

  std::filesystem::path path_;
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> file_of_;
  std::size_t total_bytes_ = 0;
};

}  // namespace gvl::io
