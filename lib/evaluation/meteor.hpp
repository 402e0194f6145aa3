/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gvl::evaluation {

/**
 * The words of a sentence, lower-cased (ASCII letters only), without punctuation. ASCII characters other than letters
 * and digits and Unicode's general punctuation separate words, so "man's" is "man", "s"; other bytes belong to words.
 */
std::vector<std::string> words_of(std::string_view sentence);

/** Which words of two sentences stand for each other. */
struct Alignment {
  std::size_t matches = 0;
  std::size_t chunks = 0;  ///< fewest runs of matches that are adjacent and in the same order in both sentences
};

/**
 * Aligns equal words, each with at most one: as many as possible and, among those ways, one with the fewest chunks.
 * Finding the fewest is exact as long as no more than 1,024 possibilities are open, as in captions, and a beam search
 * beyond. Sentences whose lengths' product exceeds 1,024 have a narrower beam, down to the 40 of METEOR 1.x, so that a
 * model that repeats itself does not hold up an evaluation.
 */
Alignment align(const std::vector<std::string>& candidate, const std::vector<std::string>& reference);

/** The score in [0, 1] of an alignment of sentences with these numbers of words; 0 without matches. */
double meteor(const Alignment& alignment, std::size_t candidate_words, std::size_t reference_words);

/**
 * METEOR with its exact-match module alone: no stems, synonyms or paraphrases, so lower than METEOR 1.5's figures.
 * In [0, 1), also for equal sentences: the penalty of a sentence of m words that is right is 0.5 / m^3. 0 when either
 * has no words.
 */
double meteor(std::string_view candidate, std::string_view reference);

}  // namespace gvl::evaluation
