/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gvl/config.hpp"
#include "timeline/found_span.hpp"

namespace gvl::timeline {

/*
 * When a query happens in a window, from how like it each of the window's samples is: a search without training, after
 * TFVTG (Zheng et al., "Training-free Video Temporal Grounding using Large-scale Pre-trained Models", ECCV 2024) and
 * TAG (Lee et al., "TAG: A Simple Yet Effective Temporal-Aware Approach for Zero-Shot Video Temporal Grounding", BMVC
 * 2025). All members named here are those of SpanSearchConfig.
 *
 *   c(i)        s(i) - the mean of the generic texts' similarities to sample i: what any text gains by a picture
 *               is no sign of the query
 *   static      (mean of c inside a span - mean around it) / sqrt(1/n + 1/m), n samples inside, m around: the
 *               others of the window that are in no span. TFVTG's static score, in units of its own error: else
 *               the shortest peak of the noise would win
 *   dynamic     (mean of rise_samples behind a span's start - mean of those before it) / sqrt(1/a + 1/b), a and b
 *               being how many there are. TFVTG's dynamic score: things begin with a rise
 *   score       static + rise_weight * dynamic, both of c smoothed by a Gaussian (`smoothing`), as the two papers
 *               smooth or pool over time
 *   spans       the span of the highest score, then the next one that shares nothing with it and is `separation`
 *               samples away, and so on (non-maximum suppression), as long as its evidence is at least 0.5
 *   t           static / (sigma * sqrt((1 + r) / (1 - r))) of c, not smoothed. sigma is the deviation of the
 *               samples from both means, r the correlation of neighbours in it: successive frames are alike, and
 *               tell less than as many independent ones
 *   noise       sqrt(2 ln T) + noise_margin of T samples: what the best span of mere noise reaches; or the generic
 *               texts' mean t in this window, each against the others, and one deviation more, if that is higher:
 *               what a cut of the scene does to any text
 *   evidence    1 / (1 + exp(-steepness * (t - noise)))
 *   match       the mean over the span of e^(L s) / (e^(L s) + the generic texts' mean of e^(L g)), g being their
 *               similarities and L SimilarityConfig::logit_scale: whether the query says more of the pictures than
 *               what fits any does. 1 without generic texts
 *   confidence  evidence * match
 */

/** Similarities to the samples of a window: cosines, -1 to 1, as many each. */
struct WindowSimilarities {
  std::vector<double> query;
  std::vector<std::vector<double>> generic;  ///< of each generic text; may be empty
};

/**
 * The spans that are the query's, at most `most`, in order of time: the best one, however unsure it is, and those that
 * are more likely than not. None where similarities are no finite numbers, or samples are fewer than two shortest
 * spans. Costs the square of the number of samples for each span and each generic text. Throws Error(kInvalidArgument)
 * where the generic texts have other numbers of samples.
 */
std::vector<FoundSpan> find_spans(const WindowSimilarities& similarities, const SpanSearchConfig& config,
                                  double logit_scale, std::size_t most);

}  // namespace gvl::timeline
