/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/soda_pairs.hpp"

#include <algorithm>

namespace gvl::evaluation {
namespace {

/** Where the assignment takes a pair: skipping a row, or else a column, comes first where it is as good. */
std::vector<std::vector<bool>> taken_pairs(const SodaMatrix& ious, double threshold) {
  const std::size_t rows = ious.size(), columns = ious[0].size();
  // A row and a column in front, of what cannot be: the script's -1 there, and nothing for the pair's own sum.
  std::vector<std::vector<double>> best(rows + 1, std::vector<double>(columns + 1, -1));
  std::vector<std::vector<bool>> taken(rows, std::vector<bool>(columns));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double iou = ious[i][j] < threshold ? 0 : ious[i][j];
      const double skipped = std::max(best[i][j + 1], best[i + 1][j]);
      const double paired = (i == 0 || j == 0 ? 0 : best[i][j]) + iou;
      taken[i][j] = paired > skipped;
      best[i + 1][j + 1] = std::max(skipped, paired);
    }
  }
  return taken;
}

}  // namespace

double sum_over_soda_pairs(const SodaMatrix& ious, double threshold,
                           const std::function<double(std::size_t row, std::size_t column)>& score) {
  const auto taken = taken_pairs(ious, threshold);
  double sum = 0;
  std::size_t columns = ious[0].size();  // that are left
  for (std::size_t row = ious.size(); row > 0 && columns > 0; --row) {
    std::size_t column = columns;
    while (column > 0 && !taken[row - 1][column - 1]) --column;
    if (column == 0) continue;
    sum += score(row - 1, column - 1);
    columns = column - 1;
  }
  return sum;
}

}  // namespace gvl::evaluation
