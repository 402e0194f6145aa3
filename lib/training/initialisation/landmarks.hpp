/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/config.hpp"
#include "model/model_folder.hpp"

namespace gvl::training {

/** Tokens by which a prompt and an answer to it are laid out, whatever is asked. */
struct Landmarks {
  /** Throws Error(kInvalidArgument) naming the prompt that has none, or the word that is several tokens. */
  Landmarks(const PromptConfig& prompts, const model::FolderTokenizer& tokenizer);

  std::int64_t beginning;           ///< the first of all, which every other sees
  std::int64_t question;            ///< behind the video of a question for times
  std::int64_t answer;              ///< the last before an answer
  std::int64_t absent;              ///< the first of an answer that says that it does not happen
  std::vector<std::int64_t> from;   ///< before the time at which something begins
  std::vector<std::int64_t> until;  ///< before the time at which it ends
};

/**
 * By what a hidden state of length sqrt(H) that is one of `tokens` is known in `table` [vocabulary, H]: the sum [H] of
 * their unit vectors.
 */
at::Tensor direction_of(const at::Tensor& table, const std::vector<std::int64_t>& tokens);

}  // namespace gvl::training
