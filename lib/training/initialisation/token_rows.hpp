/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "model/model_folder.hpp"

namespace gvl::training {

/** How rows of a table with one row a token, such as an embedding's, go from one model's tokens to those of another. */
class TokenRows {
 public:
  /** From those of the model folder `from`. Throws Error naming the file that is missing or malformed. */
  TokenRows(const std::filesystem::path& from, const model::FolderTokenizer& to);

  /**
   * Writes into `rows` [to's tokens, H], and gives it: each token's row of `table` [from's tokens, H], both float32. Of
   * a token that is new, the mean of the rows that its text was made of. What is no token stays.
   */
  at::Tensor moved(const at::Tensor& table, at::Tensor rows) const;

 private:
  std::vector<std::vector<std::int64_t>> origins_;  // by token of `to`
};

}  // namespace gvl::training
