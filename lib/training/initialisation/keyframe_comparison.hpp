/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/config.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** A word, and what the token behind it is told. */
struct PreviousWord {
  at::Tensor word;  ///< [H]: direction_of()
  at::Tensor told;  ///< [H]
};

/** By what tokens are known that a layer looks at, directions [H] of length 1 but for the words'. */
struct ComparisonDirections {
  at::Tensor picture;    ///< of whole pictures' tokens
  at::Tensor beginning;  ///< of the very first token
  at::Tensor common;     ///< of all words
  double common_length;  ///< of it in a word's token, behind the norm
  std::vector<PreviousWord> words = {};
};

/**
 * Initial values of a decoder layer that compares each keyframe with those before: half of the heads look from the
 * token of a whole picture at itself and its neighbour, half at the keyframes before these, by where they stand (RoPE),
 * each at a mean. What is seen now is added as what begins and taken off as what ends, what was seen before the other
 * way round. Where there are no pictures yet, heads look at the very first token, which shows nothing. So what is there
 * at first begins there; and what is there at last ends at a token behind the video that is known as a picture. By both
 * halves a word sees the word before, which cancels, but for what is told of `words`. Other tokens see the same by
 * both. Throws Error(kInvalidArgument) where heads share keys, or half of them are narrower than there are things and
 * words.
 */
AttentionValues keyframe_comparison(const ModelConfig& model, const EventClasses& classes,
                                    const ComparisonDirections& directions);

}  // namespace gvl::training
