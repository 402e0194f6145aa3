/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "evaluation/calibration.hpp"

namespace gvl::evaluation {

/** Which min-confidence to set. Indices are those of threshold_at(). */
struct Proposal {
  std::optional<std::size_t> index;  ///< none: the data cannot carry a proposal
  std::size_t first = 0;             ///< from here to `last` every value is as good
  std::size_t last = 0;
  std::string why_not;  ///< where there is none
};

/**
 * The highest F1. Where several neighbours have it, the middle of the longest row of them, which is as far as can be
 * from those that are worse. None where nothing is labelled, no event is right, or confidence tells no events apart.
 */
Proposal best_f1(const Curve& curve);

/**
 * The lowest value with at most `most` wrong events an hour, `most` above 0. None where confidence tells no events
 * apart, no value has so few, or the video is shorter than 1 / `most` hours: one wrong event would be too many then,
 * and none would prove nothing.
 */
Proposal few_false(const Curve& curve, double most);

/**
 * What was counted, at every twentieth of min-confidence and at what is proposed, and the proposals. `most`: as for
 * few_false(). Ends with a newline.
 */
std::string to_table(const Calibration& calibration, double most);

/**
 * The same as an object, with what was counted of each query by itself. `thresholds` has the values of min-confidence
 * at which a count changes. Ends with a newline.
 */
std::string to_json(const Calibration& calibration, double most);

}  // namespace gvl::evaluation
