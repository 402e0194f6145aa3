/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <vector>

namespace gvl::evaluation {

/** Words of a reference that may stand for words of a hypothesis. */
struct MeteorMatch {
  std::size_t start, length;                        ///< in the reference
  std::size_t hypothesis_start, hypothesis_length;  ///< in the hypothesis
  std::size_t module;                               ///< 0 ... 3, as MeteorStatistics counts them
};

/** The matches that begin at each word of the reference, in the order in which the modules found them. */
using MeteorMatches = std::vector<std::vector<MeteorMatch>>;

/** Which matches METEOR keeps, and in how many chunks they are. */
struct MeteorAlignment {
  std::vector<MeteorMatch> matches;  ///< in the reference's order; no two have a word in common
  std::size_t chunks = 0;            ///< runs of matches that adjoin in both sentences
};

/**
 * METEOR 1.5's search (edu.cmu.meteor.aligner.Aligner): a beam of 40 partial alignments, of which those with the most
 * words matched are the best, then those with the fewest chunks, then those whose words lie nearest to each other.
 */
MeteorAlignment align_for_meteor(const MeteorMatches& matches, std::size_t hypothesis_words);

}  // namespace gvl::evaluation
