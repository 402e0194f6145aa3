/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation/grounding.hpp"
#include "io/json.hpp"

namespace gvl::evaluation {

/**
 * How published scripts compute an IoU. For all windows that overlap and run forward they agree, but for rounding; the
 * hull reaches from the first start to the last end.
 */
enum class IouRule {
  kTall,         ///< TALL, main.py: (min end - max start) / hull, below 0 for windows apart. Raises for a hull of 0.
  kTimeChat,     ///< TimeChat, metrics/tvg/eval_tvg.py: max(that, 0). Raises for a hull of 0.
  kLmms,         ///< lmms-eval, tasks/charades_sta/utils.py and tasks/timelens/utils.py: 0 for a hull of 0 or less
  kNncore,       ///< nncore.ops.temporal_iou (ETBench): the true union, all in float; NaN for a union of 0
  kVTimeLlm,     ///< VTimeLLM, vtimellm/eval/eval.py: kTimeChat's, rounded to two decimals
  kMomentDetr,   ///< moment_detr, standalone_eval/utils.py, compute_temporal_iou_batch_paired(): 0 for a hull of 0
  kMomentCross,  ///< ditto, compute_temporal_iou_batch_cross(): the true union, NaN for a union of 0
};

/**
 * The IoU of two windows, reversed ones included, by a script's rule. Throws Error(kMalformed) where the script raises
 * ZeroDivisionError.
 */
double published_iou(const Interval& reference, const Interval& prediction, IouRule rule);

/** To two decimals as Python's round() and format() do it: of the exact binary value, ties to even. */
double rounded_to_hundredths(double value);

/** A JSON number that is a time in seconds, from `smallest` (0 or -1e9) to 1e9; Error(kMalformed) for another value. */
double video_time(const io::JsonValue& value, double smallest);

/** The smallest time of a prediction, in seconds: scripts do not mind negative ones. */
inline constexpr double kSmallestPrediction = -1e9;

/** Whose scorer. What each does with answers is at score_temporal_grounding(). */
enum class GroundingRules { kTimeChat, kTall, kEtBench, kLmms, kLmmsEvalTvg, kTimeLens, kVTimeLlm, kGvl };

inline constexpr NameTable<GroundingRules, 8> kGroundingRules{{{GroundingRules::kTimeChat, "timechat"},
                                                               {GroundingRules::kTall, "tall"},
                                                               {GroundingRules::kEtBench, "etbench"},
                                                               {GroundingRules::kLmms, "lmms"},
                                                               {GroundingRules::kLmmsEvalTvg, "lmms-eval-tvg"},
                                                               {GroundingRules::kTimeLens, "timelens"},
                                                               {GroundingRules::kVTimeLlm, "vtimellm"},
                                                               {GroundingRules::kGvl, "gvl"}}};

/** What a benchmark asks, and where it is. */
struct GroundingQuery {
  std::string id;                  ///< "VIDEO#N", N from 0 among the video's queries in the annotation's order
  Interval truth;                  ///< seconds; may be reversed, empty or beyond the video's end, as annotations are
  std::string text;                ///< without white space around it
  std::optional<double> duration;  ///< seconds, of the video; none in Charades-STA
};

/**
 * The queries of a benchmark in the file's order. A file named .json is of ActivityNet-Captions' form (val_2.json),
 * `{VIDEO: {"duration", "timestamps": [[start, end], ...], "sentences": [...]}}`, or of TimeLens-Bench's, which calls
 * them "spans" and "queries"; any other is of Charades-STA's, lines `VIDEO START END##sentence.`. Throws
 * Error(kMalformed) naming file and record for anything else, for times that are negative or above 1e9 seconds and for
 * a file without queries, and what MappedFile::open() throws.
 */
std::vector<GroundingQuery> read_grounding_queries(const std::filesystem::path& annotations);

/** What a model says of a query: a text, or windows in seconds, the first of which counts. */
struct GroundingAnswer {
  std::optional<std::string> text;
  std::vector<Interval> windows;
  std::optional<double> duration;  ///< seconds; for annotations without durations
  std::string place;               ///< "FILE: line N", for messages
};

/**
 * The answers to `queries`, each at its query's place. No published form has both texts and windows, so this is ours:
 * JSON lines of at most 1 MiB, `{"id": "VIDEO#N", "text": "..."}` or `{"id": ..., "windows": [[start, stop], ...]}`,
 * optionally with "duration". An id may also be the query's index in the annotation, from 0. Windows may be none,
 * reversed and negative. Throws Error(kMalformed) naming file and line for an unknown id, a second answer to a query,
 * times beyond 1e9 seconds and anything else, and what JsonLines throws.
 */
std::vector<std::optional<GroundingAnswer>> read_grounding_answers(const std::filesystem::path& predictions,
                                                                   const std::vector<GroundingQuery>& queries);

/**
 * R@1 at IoU 0.3, 0.5, 0.7 (an IoU of at least that much), the mean IoU and how many answers have no window, all of the
 * first window. What one has none counts as a miss, IoU 0. By `rules`:
 *
 *   name           IoU        text           a query without an answer
 *   timechat       kTimeChat  kTimeChat      Error (the script's assertion fails)
 *   tall           kTall      Error          Error (the script walks through all queries)
 *   etbench        kNncore    Error          counts as a miss; a NaN is 0
 *   lmms           kLmms      kLmms          is left out of the mean
 *   lmms-eval-tvg  kTimeChat  kLmmsEvalTvg   is left out of the mean
 *   timelens       kLmms      kTimeLens      is left out of the mean
 *   vtimellm       kVTimeLlm  kVTimeLlm      is left out of the mean
 *   gvl            kLmms      kGvl           counts as a miss; no scorer was published with Grounded-Video-LLM
 *
 * text: the AnswerRule. vtimellm computes in shares of a video, so it needs durations, of windows as well; gvl needs
 * them for texts with temporal tokens. timechat, the default, is the literature's metric, but reads no text of the form
 * "From <a> to <b>.". Two queries that have video, sentence and times in common both count; lmms-eval's own files keep
 * the last of them.
 *
 * `benchmark` is the report's name. In percent, etbench's in [0, 1]; unrounded. The scripts of tall, timechat and
 * etbench print no mean IoU, or round it. Throws Error(kMalformed) naming file and record where the script raises
 * (tall, timechat, lmms-eval-tvg, vtimellm: a hull of 0; what parse_windows() throws) and where no query is answered,
 * Error(kInvalidArgument) for a text or annotation that the rules cannot use, and what the readers throw.
 */
ScoreReport score_temporal_grounding(const std::filesystem::path& annotations, const std::filesystem::path& predictions,
                                     GroundingRules rules = GroundingRules::kTimeChat,
                                     const std::string& benchmark = "charades-sta");

}  // namespace gvl::evaluation
