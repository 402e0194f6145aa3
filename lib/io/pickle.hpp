/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gvl/tensor.hpp"

namespace gvl::io {

/** A tensor as a pickle of torch.save describes it: a strided view of a storage. Nothing in it is checked yet. */
struct PickledTensor {
  std::string storage;                ///< the storage's key: the entry "data/KEY" of the archive
  std::int64_t storage_elements = 0;  ///< of `type`
  DataType type = DataType::kFloat32;
  std::int64_t offset = 0;  ///< offset and strides in elements
  std::vector<std::int64_t> shape{};
  std::vector<std::int64_t> strides{};
};

/**
 * The tensors of a pickle (protocols 2 to 5) and the way to each: keys of nested dictionaries joined with '/', in
 * their order; a lone tensor's is "". Leaves that are no tensors are ignored, and so are lists.
 *
 * This is no general unpickler: it knows the instructions and the few names that tensors need and runs nothing. What
 * it spends in memory and steps is bounded by the pickle's size (io/budget.hpp), whatever it says. Throws
 * Error(kMalformed) naming `source`, or Error(kUnsupported) naming the global or instruction that tensors do not need.
 */
std::vector<std::pair<std::string, PickledTensor>> read_pickled_tensors(std::span<const std::byte> pickle,
                                                                        const std::string& source);

}  // namespace gvl::io
