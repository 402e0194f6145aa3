/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace gvl::evaluation {

/** Of references (rows) and predictions (columns), each in order; at least one of both. */
using SodaMatrix = std::vector<std::vector<double>>;

/**
 * What SODA's script sums up for SODA_a and SODA_b: `score` of the pairs that it reads out of its assignment by IoU,
 * where those below `threshold` are 0. It reads, from the last row up, the last column where the assignment took a pair
 * rather than skip something, left of the pair in the row below: not always the best assignment, and never none, so
 * that also a pair without any IoU counts.
 */
double sum_over_soda_pairs(const SodaMatrix& ious, double threshold,
                           const std::function<double(std::size_t row, std::size_t column)>& score);

}  // namespace gvl::evaluation
