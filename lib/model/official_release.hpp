#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "gvl/config.hpp"

namespace gvl::model {

/** One tensor of a model folder that is made from a release: its shape is known before it is. */
struct PlannedTensor {
  std::string name;
  DataType type;  ///< as the release stores it
  std::vector<std::int64_t> shape;
  std::function<at::Tensor()> make;  ///< reads and computes it, of any floating type
};

/** What a folder in the official layout holds, in our terms. */
struct OfficialRelease {
  ModelConfig config;
  std::filesystem::path tokenizer;
  std::vector<PlannedTensor> tensors;  ///< names and shapes as Network asks for them
};

/**
 * Opens a release (reference/README's layout): every file that is needed is there and every tensor has been found
 * when this returns; the data is read by PlannedTensor::make. Throws Error naming the file or tensor at fault.
 */
OfficialRelease open_official_release(const std::filesystem::path& folder);

}  // namespace gvl::model
