/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation/running/benchmark_items.hpp"
#include "evaluation/running/benchmark_run.hpp"

namespace gvl::evaluation {

/** What a run came to. */
struct RunReport {
  RunBenchmark benchmark;
  std::string model;  ///< its folder
  std::size_t items = 0, predicted = 0;
  std::vector<VideoFault> faults;
  ScoreReport scores;

  /** Lines that end with a newline: each score, and what Grounded-VideoLLM's paper has for it. */
  std::string to_text() const;
  std::string to_json() const;
  std::string to_markdown() const;
};

}  // namespace gvl::evaluation
