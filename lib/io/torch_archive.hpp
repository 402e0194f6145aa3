/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gvl/tensor.hpp"
#include "io/mapped_file.hpp"
#include "io/safetensors.hpp"

namespace gvl::io {

/**
 * A checkpoint written by torch.save of PyTorch 1.6 or newer (.pth, .pt), memory-mapped and read without running
 * anything that is in it. Nested dictionaries become paths: "model/language_model/lm_head.weight"; a flat state_dict
 * gives the plain names, a lone tensor is called "". Where every tensor lies is checked when the file is opened, which
 * needs memory and time in proportion to the file (io/budget.hpp) and so do, all together, tensors that repeat data.
 * Thread safe.
 */
class TorchArchive {
 public:
  /**
   * Throws what MappedFile::open() throws, Error(kMalformed), or Error(kUnsupported) for the format before 1.6,
   * compressed entries, big-endian data, and pickles of more than tensors; always naming the file, and the tensor,
   * entry or global at fault.
   */
  static TorchArchive open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return file_->path(); }
  /** In the checkpoint's own order. */
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const { return index_.count(name) != 0; }
  /** Type and shape, without touching the data. Throws Error(kMalformed) when there is no such tensor. */
  const TensorInfo& info(const std::string& name) const { return record(name).info; }

  /**
   * A view of the mapping, which the Tensor keeps alive; of a tensor that is not contiguous, a contiguous copy.
   * Throws Error(kMalformed) when there is no such tensor, Error(kResource).
   */
  Tensor get(const std::string& name) const;

 private:
  struct Record {
    TensorInfo info;
    std::vector<std::int64_t> strides;   // in elements
    std::span<const std::byte> storage;  // from the tensor's first element on
  };

  TorchArchive() = default;

  void load();
  const Record& record(const std::string& name) const;

  std::shared_ptr<const MappedFile> file_;
  std::vector<Record> records_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace gvl::io
