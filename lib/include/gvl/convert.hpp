/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "gvl/export.hpp"
#include "gvl/tensor.hpp"

namespace gvl {

struct ConvertOptions {
  std::optional<DataType> dtype;  ///< of the weights written: float32, bfloat16 or float16; none: as in the release
  /** The weights that the published training began with, to train from: without the release's ckpt/sft_*.pth. */
  bool base = false;
  std::function<void(std::size_t done, std::size_t total)> progress;  ///< tensors written, may be empty
};

/**
 * Makes our model folder from a folder in the official release's layout (docs/models.md, "The published weights"):
 * fine-tuned weights over base weights, LoRA merged, position embedding interpolated, unused layers and heads dropped.
 * One tensor is in memory at a time. `out` is created; a model already there is replaced only when the new one is
 * complete. Throws Error naming the file or tensor at fault.
 */
GVL_EXPORT void convert(const std::filesystem::path& official, const std::filesystem::path& out,
                        const ConvertOptions& options = {});

}  // namespace gvl
