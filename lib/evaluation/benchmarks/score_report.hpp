/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gvl::evaluation {

/** A number that a published scorer prints, in its unit. */
struct Score {
  std::string name;  ///< "R@1, IoU=0.5"
  double value = 0;
};

/** What a published scorer says of a file of predictions. */
struct ScoreReport {
  std::string benchmark;     ///< "charades-sta"
  std::string rules;         ///< whose, where published scorers disagree: "timechat"
  std::int64_t counted = 0;  ///< queries that the scores are of
  std::vector<Score> scores;
  std::vector<std::string> notes;  ///< what was left out, and why: a sentence each
};

}  // namespace gvl::evaluation
