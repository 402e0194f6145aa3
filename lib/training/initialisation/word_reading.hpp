/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "gvl/config.hpp"
#include "text/tokenizer.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** The matrices of a decoder layer's MLP. */
struct MlpValues {
  at::Tensor gate_up;  ///< [2 * I, H]
  at::Tensor down;     ///< [H, I]
};

/** Directions [H] of length 1 by which tokens are known where the layer stands; see Landmarks. */
struct ReadingDirections {
  at::Tensor picture, beginning, answer;
  at::Tensor from, until;  ///< of tokens behind such a word
  // Not known yet:
  at::Tensor looks;    ///< of tokens that look at pictures next
  at::Tensor nothing;  ///< of the very first token, which they may look at instead
};

/** Units of its MLP that WordReading makes use of, the first ones: two for each thing, then others. */
constexpr std::int64_t reading_units(std::int64_t things) { return 2 * things + 4; }

/** How much of a word's token is left behind the norm when a noun has been read. */
inline constexpr double kReadTokenShare = 4;

/** Of what nouns are known by, beside the rest of a token. */
inline constexpr double kNounMarkLength = 0.5;

/** What tokens of nouns have in common, of length 1 [hidden_size]: heads of WordReading look at it first. */
at::Tensor noun_mark(std::int64_t hidden_size);

/**
 * Texts that know from the first step on which things they are about: tokens of nouns (scenes::things(),
 * scenes::general_words()) are partly codes of things that are asked for (event_codes()), and a decoder layer tells
 * every word those of the words before it. Half of its heads look back over a few words, half over a question. Tokens
 * of pictures are told nothing. The layer's MLP then writes what has to be looked for next: before the time from
 * which on, that the thing begins; before the time up to which, that it ends; and there, and before an answer, that
 * pictures have to be looked at. The very first token is marked as one that shows nothing.
 * Throws Error(kInvalidArgument) where heads share keys, half of them are narrower than there are things, or an MLP
 * does not have more than two units a thing.
 */
class WordReading {
 public:
  WordReading(const LanguageModelConfig& config, const EventClasses& classes, const text::Tokenizer& tokenizer);

  /** What `table` [vocabulary, H] becomes. */
  at::Tensor embeddings(const at::Tensor& table) const;

  /** Of a layer behind a norm without gain. */
  AttentionValues attention(const ReadingDirections& directions) const;
  MlpValues mlp(const ReadingDirections& directions) const;

 private:
  void name(const std::string& noun, const at::Tensor& things);
  at::Tensor looking_back(int which, double words, const ReadingDirections& directions) const;

  const LanguageModelConfig config_;
  EventClasses classes_;
  PreviousTokenHeads heads_;
  const text::Tokenizer& tokenizer_;
  at::Tensor asked_;  // [things, H]
  at::Tensor mark_;   // [H], a unit vector that tokens of nouns have
  at::Tensor named_;  // [vocabulary, things]: which a token names, and how surely
};

}  // namespace gvl::training
