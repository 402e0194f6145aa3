/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/interval_choice.hpp"

#include <utility>
#include <vector>

#include "model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

std::vector<float> distribution(const std::vector<std::pair<int, float>>& points) {
  std::vector<float> values(21, 0.0F);
  for (const auto& [token, probability] : points) values[static_cast<std::size_t>(token)] = probability;
  return values;
}

GVL_TEST(test_best_interval_by_hand) {
  const auto expect_best = [](const std::vector<float>& first_token, const std::vector<float>& second_token, int start,
                              int stop) {
    const model::TokenInterval best = model::best_interval(first_token, second_token);
    ck_assert_msg(best.start == start && best.stop == stop, "%d - %d", static_cast<int>(best.start),
                  static_cast<int>(best.stop));
  };
  expect_best(distribution({{3, 1}}), distribution({{9, 1}}), 3, 9);
  // 5 is the most probable start, but 9 shares more with all: 0.4 * 7 / 11 + 0.3 + 0.3 * 6 / 7 = 0.81 against
  // 0.4 + 0.3 * 7 / 11 + 0.3 * 6 / 11 = 0.75.
  expect_best(distribution({{5, 0.4F}, {9, 0.3F}, {10, 0.3F}}), distribution({{15, 1}}), 9, 15);
  // A model that does not know still names an interval.
  const std::vector<float> flat(21, 1.0F / 21);
  const model::TokenInterval any = model::best_interval(flat, flat);
  ck_assert(any.start >= 0 && any.start <= any.stop && any.stop <= 20);
}

}  // namespace
