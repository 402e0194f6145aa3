/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Several moments of one answer: where they begin, by hand, and that the first stays as it is worded.
#include "model/moments.hpp"

#include <c10/core/InferenceMode.h>

#include <map>
#include <utility>
#include <vector>

#include "model/grounded_engine.hpp"
#include "model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;
using model::Grounder;
using model::StartPeak;

namespace {

std::vector<float> distribution(const std::vector<std::pair<int, float>>& points) {
  std::vector<float> values(101, 0.0F);
  for (const auto& [token, probability] : points) values[static_cast<std::size_t>(token)] = probability;
  return values;
}

void expect_peaks(const std::vector<StartPeak>& peaks, const std::vector<std::pair<int, double>>& expected) {
  ck_assert_int_eq(peaks.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ck_assert_int_eq(peaks[i].token, expected[i].first);
    ck_assert_double_eq_tol(peaks[i].mass, expected[i].second, 1e-6);
  }
}

GVL_TEST(separated_places_are_peaks) {
  const auto starts = distribution({{9, 0.1F}, {10, 0.3F}, {12, 0.05F}, {40, 0.27F}, {41, 0.03F}, {75, 0.25F}});
  expect_peaks(model::start_peaks(starts, 8, 6), {{10, 0.45}, {40, 0.3}, {75, 0.25}});
  expect_peaks(model::start_peaks(starts, 8, 2), {{10, 0.45}, {40, 0.3}});
  // So far as one reaches, there is no other.
  expect_peaks(model::start_peaks(starts, 35, 6), {{10, 0.75}, {75, 0.25}});
}

GVL_TEST(what_is_flat_or_low_is_no_peak) {
  expect_peaks(model::start_peaks(distribution({{10, 0.8F}, {50, 0.19F}}), 8, 6), {{10, 0.8}});
  expect_peaks(model::start_peaks(std::vector<float>(101, 0.001F), 8, 6), {});
  // At the ends a peak is cut.
  const auto peaks = model::start_peaks(distribution({{0, 0.5F}, {100, 0.5F}}), 8, 6);
  expect_peaks(peaks, {{0, 0.5}, {100, 0.5}});
  ck_assert_int_eq(peaks[0].low, 0);
  ck_assert_int_eq(peaks[0].high, 8);
  ck_assert_int_eq(peaks[1].low, 92);
  ck_assert_int_eq(peaks[1].high, 100);
}

GVL_TEST(a_part_of_a_distribution_is_one) {
  const auto part = model::within(distribution({{3, 0.1F}, {10, 0.3F}, {12, 0.1F}, {40, 0.5F}}), 8, 20);
  ck_assert_int_eq(part.size(), 101);
  ck_assert_double_eq_tol(part[10], 0.75, 1e-6);
  ck_assert_double_eq_tol(part[12], 0.25, 1e-6);
  ck_assert_double_eq(part[3] + part[40], 0);
  ck_assert(model::within(distribution({{3, 0.1F}, {40, 0.9F}}), 8, 20).empty());
}

GVL_TEST(a_moment_ends_before_the_next_begins) {
  const std::vector<StartPeak> peaks{{40, 32, 48, 0.5}, {10, 2, 18, 0.3}, {75, 67, 83, 0.2}};
  ck_assert_int_eq(model::last_stop(peaks[0], peaks, 100), 74);
  ck_assert_int_eq(model::last_stop(peaks[1], peaks, 100), 39);
  ck_assert_int_eq(model::last_stop(peaks[2], peaks, 100), 100);
}

std::vector<Answer> answers(std::int64_t max_moments, const char* name) {
  const c10::InferenceMode inference;
  const model::GroundedEngine engine(converted(name), at::kCPU);
  const Fixture fixture = Fixture::open(io::test::fixture(name));
  GenerationOptions options = fixture_options();
  options.max_moments = max_moments;
  std::vector<Answer> all(fixture_queries().size());
  engine.grounder().answer({{fixture.tensors.get("video_tokens"), fixture.duration(), fixture_queries(), options, {}}},
                           [&](Grounder::Result result) {
                             ck_assert(!result.error);
                             all.at(result.query) = std::move(result.answer);
                           });
  return all;
}

GVL_TEST(moments_are_in_order_apart_and_no_more_than_asked_for) {
  for (const char* name : {"phi_c", "llama_c"}) {
    const auto worded = answers(1, name), by_config = answers(0, name), several = answers(4, name);
    for (std::size_t query = 0; query < worded.size(); ++query) {
      // A release says nothing of moments: as it words them.
      ck_assert_int_eq(by_config[query].intervals.size(), worded[query].intervals.size());
      ck_assert(several[query].tokens == worded[query].tokens);
      const auto& moments = several[query].intervals;
      if (worded[query].intervals.size() != 1 || worded[query].query.task != Task::kGrounding) {
        ck_assert_int_eq(moments.size(), worded[query].intervals.size());
        continue;
      }
      ck_assert(!moments.empty() && moments.size() <= 4);
      for (std::size_t i = 1; i < moments.size(); ++i) ck_assert(moments[i - 1].stop < moments[i].start);
    }
  }
}

}  // namespace
