/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/benchmarks/score_report.hpp"
#include "io/json.hpp"

namespace gvl::evaluation {

/** Whose numbers. */
enum class VideoMmeRules {
  kOfficial,          ///< eval_your_results.py with skip_missing=True: videos with "missing": true are left out
  kOfficialComplete,  ///< the same with skip_missing=False: it insists on 300 videos of each duration, and counts all
  kLmms,              ///< lmms-eval: its own way to read answers; all questions count, unread answers as wrong ones
};

inline constexpr NameTable<VideoMmeRules, 3> kVideoMmeRules{{{VideoMmeRules::kOfficial, "official"},
                                                             {VideoMmeRules::kOfficialComplete, "official-complete"},
                                                             {VideoMmeRules::kLmms, "lmms-eval"}}};

/**
 * Scores a filled output template (`output_test_template.json` of BradyFU/Video-MME): a list of videos {"video_id",
 * "duration", "domain", "sub_category", "missing", "questions"}, each with questions {"question_id", "task_type",
 * "answer", "response"}; other members are ignored. The rules are those of thanku-all/parse_answer's
 * eval_your_results.py, which the benchmark names, and of lmms-eval.
 *
 * All scores are accuracies in percent, 0 where no question counts, as the script prints them: of each duration
 * ("short", "medium", "long") and of all questions ("all") one of each domain, sub-category and task type, and one
 * over all of these, named like "short, domain: Knowledge", "all, sub-category: Esports", "long, task: OCR Problems"
 * and "all, overall". By the official rules, questions whose response names no option are not counted; a note says how
 * many.
 *
 * Throws Error(kMalformed) naming file and record: where a member is absent or of another type (the script raises
 * KeyError or AttributeError), for a domain, sub-category or task type that the benchmark does not have (KeyError), by
 * kOfficialComplete where a duration has not 300 videos (AssertionError). Three cases that the scripts let pass are
 * refused as well, since numbers would silently be of other questions: a duration of another name, an answer that is
 * none of A to D, and a video or question that is there twice. Throws Error(kNotFound) where the file cannot be read.
 */
ScoreReport score_videomme(const std::filesystem::path& filled_template,
                           VideoMmeRules rules = VideoMmeRules::kOfficial);
/** The same of a template that is not in a file of its own. */
ScoreReport score_videomme(const io::JsonValue& filled_template, VideoMmeRules rules = VideoMmeRules::kOfficial);

}  // namespace gvl::evaluation
