/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/confidence.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "support/testing.hpp"

namespace timeline = gvl::timeline;

namespace {

constexpr double kRounding = 1e-6;

std::vector<float> distribution(const std::vector<std::pair<int, float>>& points) {
  std::vector<float> values(21, 0.0F);
  for (const auto& [token, probability] : points) values[static_cast<std::size_t>(token)] = probability;
  return values;
}

void expect(double wanted, const std::vector<float>& first, const std::vector<float>& second, int start, int stop) {
  const double found = timeline::expected_iou(first, second, start, stop);
  ck_assert_msg(std::abs(found - wanted) < kRounding, "%f instead of %f", found, wanted);
}

GVL_TEST(expected_iou_by_hand) {
  const auto zero = distribution({{0, 1}});
  expect(1, zero, distribution({{9, 1}}), 0, 9);
  expect(1, distribution({{3, 1}}), distribution({{3, 1}}), 3, 3);
  // Half of the mass says 0-9, half 0-4: 10 tokens long and 5, so 0.5 * 1 + 0.5 * 5 / 10.
  expect(0.75, zero, distribution({{9, 0.5F}, {4, 0.5F}}), 0, 9);
  // 0.6 of it on times at all.
  expect(0.6, distribution({{0, 0.6F}}), distribution({{9, 1}}), 0, 9);
  // Somewhere else; reversed; a model that does not know: 1 / 21 each for 10-10, and the other end the same.
  expect(0, distribution({{15, 1}}), distribution({{20, 1}}), 0, 9);
  expect(1, distribution({{9, 1}}), zero, 0, 9);
}

GVL_TEST(an_interval_that_may_not_be_there_is_less_sure) {
  const auto first = distribution({{0, 1}}), second = distribution({{9, 0.5F}, {4, 0.5F}});
  ck_assert_double_eq_tol(timeline::interval_confidence(0, first, second, 0, 9), 0.75, kRounding);
  ck_assert_double_eq_tol(timeline::interval_confidence(0.2, first, second, 0, 9), 0.6, kRounding);
  ck_assert_double_eq_tol(timeline::interval_confidence(1, first, second, 0, 9), 0, kRounding);
}

GVL_TEST(an_answer_in_words_is_as_sure_as_its_tokens_are_on_average) {
  ck_assert_double_eq(timeline::words_confidence({}), 0);
  ck_assert_double_eq_tol(timeline::words_confidence(std::vector<double>{1, 1, 1}), 1, kRounding);
  ck_assert_double_eq_tol(timeline::words_confidence(std::vector<double>{0.5, 0.125}), 0.25, kRounding);
  // A token that the model finds impossible makes no number that is none.
  ck_assert_double_eq_tol(timeline::words_confidence(std::vector<double>{0, 1}), 1e-150, 1e-160);
}

GVL_TEST(an_event_is_as_sure_as_windows_are_on_average) {
  ck_assert_double_eq(timeline::event_confidence(std::vector<double>{0.5}), 0.5);
  ck_assert_double_eq_tol(timeline::event_confidence(std::vector<double>{0.75, 0, 0.75}), 0.5, kRounding);
}

}  // namespace
