/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "model/quantised_weights.hpp"

namespace gvl::model {

/**
 * Writes a model folder that appears as a whole. The files grow in a folder inside it; publish() puts them in their
 * places. Until then, and whenever something throws, a model that was there before stays as it was. Its config.json is
 * the first file to go and the new one the last to come: where the process ends in between, the folder has none and
 * does not load, so that no model is mixed of two. One writer of a folder at a time.
 */
class ModelFolderWriter {
 public:
  /** Throws Error(kResource) when the folder cannot be made. */
  explicit ModelFolderWriter(std::filesystem::path folder);
  /** Removes what was not published. */
  ~ModelFolderWriter();
  ModelFolderWriter(const ModelFolderWriter&) = delete;
  ModelFolderWriter& operator=(const ModelFolderWriter&) = delete;

  void write_config(const ModelConfig& config) const;

  /** `make` gives the numbers of each tensor, on any device; one is in memory at a time. */
  void write_weights(const std::vector<StoredTensor>& tensors,
                     const std::function<at::Tensor(std::size_t index)>& make) const;

  /** Writes the folder's `name` (kTokenizerFile). */
  void write(const char* name, const std::string& text) const;

  /** Copies `file` as the folder's `name` (kTokenizerFile, kWordsFile). */
  void copy(const std::filesystem::path& file, const char* name) const;

  /**
   * Loads what was written, as its users will, and replaces the folder's model with it; a list of words of the model
   * before does not stay. Throws Error naming the file at fault.
   */
  void publish() const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path staging_;
};

}  // namespace gvl::model
