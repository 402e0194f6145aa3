/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace gvl::training {

/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016) on `texts` and returns it as a Hugging Face tokenizer.json:
 * the 256 bytes, merges until there are `vocabulary` tokens or none is left that occurs twice, then `special` tokens.
 * Words are split as LLaMA 3 splits them. The same texts give the same tokenizer. Throws Error(kInvalidArgument) for a
 * vocabulary of less than 256.
 */
std::string train_byte_level_bpe(std::span<const std::string> texts, std::size_t vocabulary,
                                 const std::vector<std::string>& special);

}  // namespace gvl::training
