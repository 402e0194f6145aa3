/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation/captions/meteor.hpp"
#include "evaluation/running/benchmark_items.hpp"
#include "gvl/task.hpp"

namespace gvl::evaluation {

/**
 * What is kept of a model's answers to an item's queries, as one line of JSON: its "id", the "answer" as it is worded
 * in seconds, and what the benchmark's scorer reads. Windows come the surest first. `duration` of the video, in
 * seconds.
 */
std::string prediction_line(RunBenchmark benchmark, const BenchmarkItem& item, const std::vector<Answer>& answers,
                            double duration);

/** Made when it is needed. */
using MeteorMaker = std::function<std::unique_ptr<MeteorCounter>()>;

/**
 * Writes predictions in the benchmark's own form into the folder `out`, and scores them. `lines` are those of
 * prediction_line() by their ids, also of some items alone; what is missing is wrong, but for Video-MME, where its
 * video is marked as missing. Rules are the defaults of gvl-eval score, but for grounding, where they are "gvl", and
 * MVBench, "notebook-text" of what follows "Answer:". Throws what the scorer throws.
 */
ScoreReport score_predictions_of(RunBenchmark benchmark, const std::filesystem::path& annotations,
                                 const std::vector<BenchmarkItem>& items,
                                 const std::map<std::string, std::string>& lines, const std::filesystem::path& out,
                                 const MeteorMaker& meteor);

/**
 * Scores made-up predictions of all items, in a temporary folder of its own: what of an annotation cannot be scored,
 * and METEOR's resources that are not there, are told before a model is asked anything. Throws as
 * score_predictions_of().
 */
void rehearse_scoring(RunBenchmark benchmark, const std::filesystem::path& annotations,
                      const std::vector<BenchmarkItem>& items, const MeteorMaker& meteor);

}  // namespace gvl::evaluation
