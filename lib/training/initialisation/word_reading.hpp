/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "gvl/config.hpp"
#include "text/tokenizer.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/**
 * Texts that know from the first step on which things they are about: tokens of nouns (scenes::things(),
 * scenes::general_words()) are partly codes of things that are asked for (event_codes()), and a decoder layer tells
 * every word those of the words before it. Half of its heads look back over a few words, half over a question.
 * Throws Error(kInvalidArgument) where heads share keys, or half of them are narrower than there are things.
 */
class WordReading {
 public:
  WordReading(const LanguageModelConfig& config, const EventClasses& classes, const text::Tokenizer& tokenizer);

  /** What `table` [vocabulary, H] becomes. */
  at::Tensor embeddings(const at::Tensor& table) const;

  /** Of a layer behind a norm without gain. */
  AttentionValues attention() const;

 private:
  void name(const std::string& noun, const at::Tensor& things);
  at::Tensor looking_back(int which, double words) const;

  const LanguageModelConfig config_;
  PreviousTokenHeads heads_;
  const text::Tokenizer& tokenizer_;
  at::Tensor asked_;  // [things, H]
  at::Tensor mark_;   // [H], a unit vector that tokens of nouns have
  at::Tensor named_;  // [vocabulary, things]: which a token names, and how surely
};

}  // namespace gvl::training
