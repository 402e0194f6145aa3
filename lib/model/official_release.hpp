/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/config.hpp"

namespace gvl::model {

/** One tensor of a model folder that is made from a release: its shape is known before it is. */
struct PlannedTensor {
  std::string name;
  DataType type;  ///< as the release stores it
  std::vector<std::int64_t> shape;
  std::function<at::Tensor()> make;  ///< reads and computes it, of any floating type
  std::filesystem::path origin;      ///< for messages: the file that has it, or the folder that it is made of
};

/** What a folder in the official layout holds, in our terms. */
struct OfficialRelease {
  ModelConfig config;
  std::filesystem::path tokenizer;
  std::vector<PlannedTensor> tensors;  ///< names and shapes as Network asks for them
  std::int64_t lora_rank = 0;
  double lora_scale = 0;  ///< alpha / rank
};

/** What becomes of the fine-tuned weights' LoRA. */
enum class Lora {
  kMerge,  ///< added to the weights
  kApart,  ///< tensors of their own, "NAME.weight.lora_a.0" and "lora_b.0", counted through a fused matrix's parts
};

/** Which weights of a release. */
enum class Weights {
  kTuned,  ///< what the authors trained: ckpt/sft_*.pth over the base
  kBase,   ///< what they began with: new rows of embedding and head are the mean row, the temporal projector is drawn
};

/**
 * Opens a release in the layout of docs/models.md: every file that is needed is there and every tensor has been found
 * when this returns; the data is read by PlannedTensor::make. `variant` is as in ConvertOptions. Throws Error naming
 * the file or tensor at fault.
 */
OfficialRelease open_official_release(const std::filesystem::path& folder, Lora lora = Lora::kMerge,
                                      Weights weights = Weights::kTuned, std::string_view variant = {});

}  // namespace gvl::model
