/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/benchmarks/moment_retrieval.hpp"
#include "evaluation/benchmarks/score_report.hpp"

// Highlight detection on QVHighlights, and both its tasks together, as standalone_eval/eval.py of moment_detr scores
// them (Lei et al., "Detecting Moments and Highlights in Videos via Natural Language Queries", NeurIPS 2021).

namespace gvl::evaluation {

/** How salient three people found a clip of two seconds, 0 (very bad) to 4 (very good). */
using ClipRatings = std::array<double, 3>;

/** A query's clips and what was predicted for them. */
struct HighlightQuery {
  std::string id;                    ///< as in MomentQuery
  std::vector<ClipRatings> ratings;  ///< of all clips of the video; 0 of those that are not relevant
  std::vector<double> predictions;   ///< at least one
};

/** From which rating on a clip is a highlight, and what the script calls that. */
struct HighlightLevel {
  double least;
  const char* name;
};
inline constexpr std::array<HighlightLevel, 3> kHighlightLevels{{{2, "Fair"}, {3, "Good"}, {4, "VeryGood"}}};

/** All in [0, 1], unrounded: means over queries. */
struct HighlightScore {
  double mean_average_precision = 0;
  double hit_at_one = 0;
};

/**
 * Average precision of predictions for clips that are highlights or not, by get_ap(): the mean, over the predictions at
 * which recall rises, of the best precision at this recall or a higher one; equal predictions count as one. 1 where all
 * are highlights, 0 where none is. Both lists are equally long and not empty.
 */
double highlight_average_precision(const std::vector<bool>& highlights, const std::vector<double>& predictions);

/**
 * By compute_hl_ap(), a mean over the three raters, and compute_hl_hit1(): whether any rater finds the clip of the
 * highest prediction, the first of equal ones, a highlight. Predictions behind the video's end are ignored, missing
 * ones are 0. Queries are not empty.
 */
HighlightScore highlight_score(const std::vector<HighlightQuery>& queries, double least_rating);

/**
 * The queries of `highlight_val_release.jsonl`, of which `duration` in seconds, `relevant_clip_ids` and
 * `saliency_scores` [[a, b, c], ...] are read, with `pred_saliency_scores` of a submission. Throws as read_moments()
 * does, and Error(kMalformed) naming file and line for a duration below 2 seconds or above a day, clips that the video
 * does not have, other than three ratings of a clip, ratings outside 0 to 4 and a query without predictions.
 */
std::vector<HighlightQuery> read_highlights(const std::filesystem::path& annotations,
                                            const std::filesystem::path& predictions, bool match_number = true);

/**
 * What score_moment_retrieval() says where the submission's first line has `pred_relevant_windows`, and
 * "HL-min-Fair-mAP", "HL-min-Fair-Hit1" and so on, in percent, where it has `pred_saliency_scores`. Throws what both
 * throw, and Error(kMalformed) naming the file where it has neither.
 */
ScoreReport score_qvhighlights(const std::filesystem::path& annotations, const std::filesystem::path& predictions,
                               const MomentOptions& options = {});

}  // namespace gvl::evaluation
