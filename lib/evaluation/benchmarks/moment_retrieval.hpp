/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation/grounding.hpp"

// Moment retrieval on QVHighlights as standalone_eval/eval.py of moment_detr scores it (Lei et al., "Detecting Moments
// and Highlights in Videos via Natural Language Queries", NeurIPS 2021). Its highlights are in
// highlight_detection.hpp.

namespace gvl::evaluation {

inline constexpr std::array<double, 10> kMomentThresholds{0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95};
using AtThresholds = std::array<double, kMomentThresholds.size()>;

/** A predicted window in seconds, reversed ones included, and how sure the model is of it. */
struct ScoredWindow {
  Interval window;
  double score = 0;
};

/** What a query asks for and what was answered, each in its file's order. */
struct MomentQuery {
  std::string id;                         ///< as in JSON: 7803, or "7803" with its quotes
  std::vector<Interval> truths;           ///< seconds, at least one
  std::vector<ScoredWindow> predictions;  ///< at least one
  std::string place;                      ///< "FILE: line N" of the submission, for messages
  std::string truths_place;               ///< likewise of the annotation
};

/**
 * Average precision of a query at kMomentThresholds, in [0, 1] (compute_average_precision_detection(), called by
 * compute_mr_ap() with the first 10 windows). The windows by falling score, equal ones as listed, each take the free
 * true window of highest IoU (IouRule::kMomentCross) that is not below the threshold, of equal ones the last; the area
 * is that of PASCAL VOC 2011. An IoU of NaN, of a window that is the true one reversed, is above all others and not
 * below any threshold: a hit. All 0 without a prediction.
 */
AtThresholds moment_average_precision(const MomentQuery& query);

/** The first listed window, whatever its score, beside a true one. */
struct FirstMoment {
  std::size_t truth = 0;  ///< the first of those with the highest IoU by IouRule::kMomentCross; NaN is the highest
  double iou = 0;         ///< by IouRule::kMomentDetr: at least a threshold is a hit
};

/**
 * What compute_mr_r1() tests. Throws Error(kMalformed) naming file and query where it raises IndexError: for a query
 * without predictions or without true windows.
 */
FirstMoment first_moment(const MomentQuery& query);

/** All in [0, 1], unrounded. */
struct MomentScore {
  std::string name;                  ///< "full", "short", "middle", "long"
  std::size_t count = 0;             ///< queries
  AtThresholds average_precision{};  ///< mean over queries that have predictions
  double mean_average_precision = 0;
  AtThresholds recall{};  ///< R@1
  double mean_iou = 0;    ///< of R@1
};

/**
 * mAP of queries, by compute_mr_ap(): a query without predictions is left out of the mean. Throws
 * Error(kInvalidArgument) if none is left.
 */
AtThresholds mean_moment_precision(const std::vector<MomentQuery>& queries);

/**
 * Of all true windows (full) and of those with a length in (0, 10], (10, 30] and (30, 150] seconds (short, middle,
 * long), each of the queries that have one, by eval_moment_retrieval(). Throws what first_moment() throws, and
 * Error(kMalformed) naming the file where a length has no query: compute_mr_ap() raises TypeError there.
 */
std::array<MomentScore, 4> moment_scores(const std::vector<MomentQuery>& queries);

/** What may differ from the published run. */
struct MomentOptions {
  /** A query that one file lacks is an Error (the script's assertion fails); else only those of both files count. */
  bool match_number = true;
  bool rounded = true;  ///< to two decimals, as the script prints and papers quote; else unrounded
};

/**
 * The queries of `highlight_val_release.jsonl`, or another file of that form, with the windows that a submission has
 * for them: JSON lines of at most 1 MiB, of which `qid` and `relevant_windows` [[start, end], ...], and `qid` and
 * `pred_relevant_windows` [[start, end, score], ...], are read; empty lists of windows are. Throws Error(kMalformed)
 * naming file and line for other types, a qid that a file has twice (the script would mix both), true windows outside
 * [0, 1e9] seconds, predicted ones beyond 1e9 and scores that are not finite, and, unless match_number is off, for a
 * qid that the other file lacks; and what JsonLines throws.
 */
std::vector<MomentQuery> read_moments(const std::filesystem::path& annotations,
                                      const std::filesystem::path& predictions, bool match_number = true);

/**
 * "MR-full-R1@0.5", "MR-full-R1@0.7", "MR-full-mAP" (the average over thresholds), "MR-full-mAP@0.5" ... "@0.95" and
 * the same of short, middle and long; in percent. Notes say how many queries each length has. Throws what
 * read_moments() and moment_scores() throw.
 */
ScoreReport score_moment_retrieval(const std::filesystem::path& annotations, const std::filesystem::path& predictions,
                                   const MomentOptions& options = {});

}  // namespace gvl::evaluation
