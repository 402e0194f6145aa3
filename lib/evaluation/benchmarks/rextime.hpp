/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>

#include "evaluation/benchmarks/score_report.hpp"

namespace gvl::evaluation {

/**
 * ReXTime (Chen et al., NeurIPS 2024) as its evaluation/rextime_eval.py scores it, commit cb9f484. `annotations` is
 * `rextime_val.jsonl`, lines `{"qid", "relevant_windows": [[start, end], ...], "ans": "A"}`; `submission` has lines
 * `{"qid", "pred_relevant_windows": [[start, end], ...], "ans"}`, of which the first says whether there are windows,
 * answers or both. Times in seconds; what a window has behind its end is ignored.
 *
 * Of windows "MR-full-R1@0.3", "@0.5", "@0.7" and "MR-full-mIoU" in percent, unrounded: the first listed window beside
 * the true one that it overlaps most, as in moment_retrieval.hpp. Of answers "VQA", the share of those that are the
 * same text as the right one; of both "VQA,mIoU@0.3", "@0.5", "@0.7", the share that is right in both. These are in [0,
 * 1], as the script has it.
 *
 * Throws Error(kMalformed) naming file and line for other types, a query without windows, one that a file lacks or has
 * twice and times beyond 1e9 seconds; also what JsonLines throws.
 */
ScoreReport score_rextime(const std::filesystem::path& annotations, const std::filesystem::path& submission);

}  // namespace gvl::evaluation
