/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/presence_search.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "support/testing.hpp"

namespace timeline = gvl::timeline;

namespace {

using Scores = std::vector<double>;
constexpr double kRounding = 1e-9;

/** `level` from `first` to `last` of 20 samples, 0.02 elsewhere. */
Scores scores_with(const std::vector<std::pair<std::size_t, std::size_t>>& spans, double level = 0.8) {
  Scores scores(20, 0.02);
  for (const auto& [first, last] : spans) {
    for (std::size_t i = first; i <= last; ++i) scores[i] = level;
  }
  return scores;
}

std::string described(const std::vector<timeline::FoundSpan>& spans) {
  std::string text;
  for (const auto& span : spans) text += std::to_string(span.first) + "-" + std::to_string(span.last) + " ";
  return text;
}

void expect(const std::vector<timeline::FoundSpan>& spans, const std::string& wanted) {
  ck_assert_msg(described(spans) == wanted, "%s instead of %s", described(spans).c_str(), wanted.c_str());
}

GVL_TEST(presence_is_where_scores_are_high) {
  expect(timeline::find_presence(scores_with({{5, 9}}), {}, 9), "5-9 ");
  expect(timeline::find_presence(scores_with({{0, 19}}), {}, 9), "0-19 ");
  expect(timeline::find_presence(scores_with({{2, 6}, {12, 17}}), {}, 9), "2-6 12-17 ");
  expect(timeline::find_presence(scores_with({{2, 6}, {12, 17}}), {}, 1), "12-17 ");
  expect(timeline::find_presence(Scores(20, 0.0), {}, 9), "");
  expect(timeline::find_presence({}, {}, 9), "");
}

GVL_TEST(a_sample_in_which_it_is_missed_parts_nothing) {
  Scores scores = scores_with({{4, 14}});
  scores[9] = 0;
  expect(timeline::find_presence(scores, {}, 9), "4-14 ");
  expect(timeline::find_presence(scores, {.smoothing = 1, .gap = 0}, 9), "4-8 10-14 ");
  expect(timeline::find_presence(scores, {.smoothing = 1, .gap = 1}, 9), "4-14 ");
}

GVL_TEST(confidence_is_how_sure_the_detector_is) {
  const auto spans = timeline::find_presence(scores_with({{4, 14}}, 0.3), {.smoothing = 1}, 9);
  ck_assert_int_eq(spans.size(), 1);
  ck_assert(std::abs(spans[0].confidence - 0.3) < kRounding);
}

GVL_TEST(arrivals_are_rises) {
  const timeline::PresenceSearch search{.change = 3};
  expect(timeline::find_arrivals(scores_with({{5, 12}}), search, 9), "4-6 ");
  expect(timeline::find_arrivals(scores_with({{3, 8}, {13, 19}}), search, 9), "2-4 12-14 ");
  // To be missed for a sample is not to come again.
  Scores missed = scores_with({{5, 12}});
  missed[9] = 0;
  expect(timeline::find_arrivals(missed, search, 9), "4-6 ");
  // What was there before came before.
  expect(timeline::find_arrivals(scores_with({{0, 8}}), search, 9), "");
  expect(timeline::find_arrivals(scores_with({{0, 19}}), search, 9), "");
  const auto rise = timeline::find_arrivals(scores_with({{5, 12}}), search, 9);
  ck_assert(std::abs(rise.front().confidence - 0.78) < kRounding);
}

GVL_TEST(departures_are_arrivals_backwards) {
  const timeline::PresenceSearch search{.change = 3};
  expect(timeline::find_departures(scores_with({{5, 12}}), search, 9), "11-13 ");
  expect(timeline::find_departures(scores_with({{0, 4}, {9, 14}}), search, 9), "3-5 13-15 ");
  expect(timeline::find_departures(scores_with({{8, 19}}), search, 9), "");
}

}  // namespace
