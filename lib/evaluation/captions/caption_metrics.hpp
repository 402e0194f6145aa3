/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <string>
#include <vector>

namespace gvl::evaluation {

/** A caption and the reference that it is compared with, as ptb_tokenized() writes them. */
struct CaptionPair {
  std::string caption;
  std::string reference;
};

/**
 * CIDEr-D of each pair, in [0, 10]: n-grams of one to four words, weighted by how few of these pairs' references have
 * them; sigma 6 (Vedantam, Lawrence Zitnick and Parikh, CVPR 2015). By coco-caption's cider_scorer.py, whose lengths
 * are counts of bigrams. 0 for a single pair, and where all references are the same.
 */
std::vector<double> cider(const std::vector<CaptionPair>& pairs);

/** BLEU-1 to BLEU-4 of all pairs together, in [0, 1], by coco-caption's bleu_scorer.py with one reference each. */
std::array<double, 4> bleu(const std::vector<CaptionPair>& pairs);

/** ROUGE-L of a pair, in [0, 1], beta 1.2, by coco-caption's rouge.py. */
double rouge_l(const CaptionPair& pair);

}  // namespace gvl::evaluation
