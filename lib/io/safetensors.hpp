/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gvl/tensor.hpp"
#include "io/atomic_file.hpp"
#include "io/mapped_file.hpp"

namespace gvl::io {

/** The format's own limit, in bytes. */
inline constexpr std::size_t kLongestSafetensorsHeader = 100'000'000;

/** What a file says about a tensor before its data is touched. */
struct TensorInfo {
  std::string name;
  DataType type = DataType::kFloat32;
  std::vector<std::int64_t> shape;
};

/**
 * One safetensors file, memory-mapped. Everything its header says is checked when it is opened: types, shapes, and
 * that the tensors cover the data exactly, without overlaps or holes, as the format asks. Thread safe.
 */
class SafetensorsFile {
 public:
  /**
   * Throws what MappedFile::open() throws, Error(kMalformed) or Error(kUnsupported) (a data type that Tensor does
   * not have), naming the file and the tensor.
   */
  static SafetensorsFile open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return file_->path(); }
  /** In the order of their data. */
  const std::vector<TensorInfo>& tensors() const noexcept { return tensors_; }
  bool contains(const std::string& name) const { return index_.count(name) != 0; }
  const TensorInfo& info(const std::string& name) const { return tensors_[position_of(name)]; }
  /** A view of the mapping, which the Tensor keeps alive. Throws Error(kMalformed) when there is no such tensor. */
  Tensor get(const std::string& name) const;
  /** The header's `__metadata__`. */
  const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }
  /** Bytes of all tensors. */
  std::size_t total_bytes() const noexcept { return file_->size() - data_start_; }

 private:
  SafetensorsFile() = default;

  std::size_t position_of(const std::string& name) const;

  std::shared_ptr<const MappedFile> file_;
  std::size_t data_start_ = 0;
  std::vector<TensorInfo> tensors_;
  std::vector<std::size_t> offsets_;  // of each tensor's data, from the start of the file
  std::map<std::string, std::size_t> index_;
  std::map<std::string, std::string> metadata_;
};

/**
 * Writes a safetensors file, tensor by tensor, so that no more than one need be in memory. The file appears under
 * its name, complete, at finish() and not before; until then, a temporary file in the same folder holds it. The data
 * starts at a multiple of 64 bytes. One thread at a time.
 */
class SafetensorsWriter {
 public:
  /**
   * Announces all tensors, in the order in which they will be written. Throws Error(kInvalidArgument) for names that
   * are repeated, empty, reserved or no UTF-8 and for shapes without a size, Error(kResource) when the file cannot
   * be written.
   */
  SafetensorsWriter(std::filesystem::path path, std::vector<TensorInfo> tensors,
                    const std::map<std::string, std::string>& metadata = {});

  /** The next tensor. Throws Error(kInvalidArgument) for another than the announced one, Error(kResource). */
  void write(const std::string& name, std::span<const std::byte> data);
  void write(const std::string& name, const Tensor& tensor);

  /** Flushes to disk and renames. Throws Error(kInvalidArgument) when tensors are missing, Error(kResource). */
  void finish();

 private:
  SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorInfo>& tensors,
                    const std::string& start);
  const TensorInfo& expect(const std::string& name) const;

  const std::vector<TensorInfo> tensors_;
  std::size_t next_ = 0;
  AtomicFile file_;
};

}  // namespace gvl::io
