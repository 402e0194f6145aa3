/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "evaluation/grounding.hpp"

namespace gvl::evaluation {

/** An event of a video and what happens in it. */
struct Caption {
  Interval interval;
  std::string sentence;
};

/** One annotator's, or the model's, captions of a video, in any order. */
using Captions = std::vector<Caption>;

/** All in [0, 1]. */
struct PrecisionRecall {
  double precision = 0;
  double recall = 0;
  double f1 = 0;  ///< harmonic mean, 0 when both are 0
};

/**
 * The largest sum of scores[i][j] over pairs (i, j) whose i and j both increase strictly from pair to pair: an
 * assignment of rows to columns that keeps the order of both. Scores are not negative, rows equally long; 0 for none.
 */
double ordered_assignment(const std::vector<std::vector<double>>& scores);

/**
 * SODA_c of a video against one set of references: the story that predictions tell, in order. All 0 when either is
 * empty. Throws Error(kInvalidArgument) when a reference's interval is not valid; a prediction's has IoU 0.
 */
PrecisionRecall soda_c(const Captions& predictions, const Captions& references);

/** SODA_c against several annotators: of the sets that have captions, the one with the highest F1. Throws likewise. */
PrecisionRecall soda_c(const Captions& predictions, const std::vector<Captions>& reference_sets);

/** IoUs at which METEOR of dense captions is averaged. */
inline constexpr std::array<double, 4> kCaptionThresholds{0.3, 0.5, 0.7, 0.9};

/**
 * METEOR of a video's predictions at an IoU: the mean over pairs of a prediction and a reference, of any set, that
 * overlap by at least `threshold`; a prediction that overlaps with none counts once, as 0. 0 without predictions.
 * Throws as soda_c() does.
 */
double caption_meteor(const Captions& predictions, const std::vector<Captions>& reference_sets, double threshold);

/** Scores of one video, or means over videos (macro average); all 0 when count is 0. */
struct DenseCaptioningScore {
  std::size_t count = 0;  ///< videos
  PrecisionRecall soda;
  double meteor = 0;                                          ///< mean of meteor_at
  std::array<double, kCaptionThresholds.size()> meteor_at{};  ///< at kCaptionThresholds
};

/** A video. Throws Error(kInvalidArgument) without any reference caption, and as soda_c() does. */
DenseCaptioningScore dense_captioning_score(const Captions& predictions, const std::vector<Captions>& reference_sets);

/** The mean over videos: each entry counts as its number of videos. */
DenseCaptioningScore mean(const std::vector<DenseCaptioningScore>& videos);

}  // namespace gvl::evaluation
