/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation/captions/caption_metrics.hpp"
#include "evaluation/captions/dense_caption_files.hpp"
#include "evaluation/captions/meteor.hpp"

namespace gvl::evaluation {

/** Whose scorer of dense captions. */
enum class DenseCaptionRules {
  kVTimeLlm,  ///< VTimeLLM, vtimellm/eval/dvc_eval: SODA_c, METEOR and what else densevid_eval has
  kDensevid,  ///< ranjaykrishna/densevid_eval, evaluate.py as of commit 9d4045a: videos without a prediction count as 0
  kSoda,      ///< fujiso/SODA, soda.py: annotations are merged into one
  kSodaBest,  ///< fujiso/SODA, soda.py -mr: of a video's annotations the one that scores best
  kTimeChat,  ///< TimeChat, metrics/dvc/eval_dvc.py
  kVTimeLlmLog,  ///< VTimeLLM, vtimellm/eval/metric.py: kVTimeLlm's scores of its log of answers
};

inline constexpr NameTable<DenseCaptionRules, 6> kDenseCaptionRules{
    {{DenseCaptionRules::kVTimeLlm, "vtimellm"},
     {DenseCaptionRules::kDensevid, "densevid"},
     {DenseCaptionRules::kSoda, "soda"},
     {DenseCaptionRules::kSodaBest, "soda-multi-reference"},
     {DenseCaptionRules::kTimeChat, "timechat"},
     {DenseCaptionRules::kVTimeLlmLog, "vtimellm-log"}}};

/**
 * The scripts' IoU: the part in common by the smaller of the hull and the sum of both lengths, plus 1e-8, so that an
 * exact 0.5 is below 0.5. 0 for a reversed interval.
 */
double dense_caption_iou(const Interval& a, const Interval& b) noexcept;

/** The scores of a video, each by its name, in [0, 1] but CIDEr in [0, 10]. */
using VideoCaptionScores = std::map<std::string, double>;

/** Scores a video by one script's rules: keeps what it has computed of its sentences. One thread at a time. */
class DenseCaptionScorer {
 public:
  /** `meteor` is used as long as this lives. */
  DenseCaptionScorer(DenseCaptionRules rules, MeteorCounter& meteor) : rules_(rules), meteor_(meteor) {}

  /**
   * "SODA_c precision", "SODA_c recall" and "SODA_c" of a video's predictions, as METEOR with the prediction in the
   * reference's place makes them (the scripts call it so), against one annotation. Of kSoda and kSodaBest also
   * "SODA_b", "SODA_d" and "SODA_a@0.3", ...: METEOR of the pairs that SODA finds by their IoUs, the IoUs alone, and
   * METEOR of the pairs that it finds where smaller IoUs are 0, each with its precision and recall ("SODA_a
   * recall@0.3").
   */
  VideoCaptionScores soda(const Captions& predictions, const Captions& references);

  /**
   * "METEOR@0.3", "CIDEr@0.3", ... and of kVTimeLlm "Rouge-L@0.3", "Bleu_1@0.3" to "Bleu_4@0.3": of pairs of a
   * prediction and a reference, of any annotation, whose IoU is at least that much; a prediction without one is paired
   * with a word that nothing matches. METEOR is that of the pairs' summed counts. And "Precision@0.3", "Recall@0.3",
   * ... the best of any annotation, of an IoU above that. At kCaptionThresholds.
   */
  VideoCaptionScores pairs(const Captions& predictions, const std::vector<Captions>& annotations);

 private:
  double iou(const Interval& a, const Interval& b) const noexcept;
  const std::string& tokenized(const std::string& sentence);
  const MeteorStatistics& count(const std::string& hypothesis, const std::string& reference);
  void add_pair_scores(const std::vector<CaptionPair>& pairs, const std::string& threshold, VideoCaptionScores& scores);
  void add_detection_scores(const Captions& predictions, const std::vector<Captions>& annotations,
                            VideoCaptionScores& scores) const;

  DenseCaptionRules rules_;
  MeteorCounter& meteor_;
  std::map<std::string, std::string> tokens_;  // by sentence
  std::map<std::pair<std::string, std::string>, MeteorStatistics> counts_;
};

/**
 * What a published scorer says of dense captions. `annotations` has one or two files (val_1.json, val_2.json), of
 * kTimeChat and kVTimeLlmLog one; the submission is of kVTimeLlmLog a log (read_vtimellm_log()). Means over videos,
 * which are of kDensevid and kTimeChat all that are annotated, of the others those with a prediction; the rest is named
 * in the notes. By kVTimeLlm SODA_c is the mean of the annotations' own.
 *
 * Throws what the readers and `meteor` throw, Error(kMalformed) naming the file where no annotated video has a
 * prediction, and by kSoda and kSodaBest for a video whose list is empty, where the script raises.
 */
ScoreReport score_dense_captions(const std::vector<std::filesystem::path>& annotations,
                                 const std::filesystem::path& submission, DenseCaptionRules rules,
                                 MeteorCounter& meteor);

}  // namespace gvl::evaluation
