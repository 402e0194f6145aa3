/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/grounding.hpp"

#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

GVL_TEST(iou_by_hand) {
  expect_near("2 s of 6 s", temporal_iou({0, 4}, {2, 6}), 2.0 / 6);
  expect_near("either way round", temporal_iou({2, 6}, {0, 4}), 2.0 / 6);
  expect_near("within: 2 s of 10 s", temporal_iou({3, 5}, {0, 10}), 0.2);
  expect_near("identical", temporal_iou({1.5, 2.5}, {1.5, 2.5}), 1);
  expect_near("apart", temporal_iou({0, 1}, {2, 3}), 0);
  expect_near("touching", temporal_iou({0, 1}, {1, 2}), 0);
}

GVL_TEST(iou_of_what_is_no_interval) {
  expect_near("reversed", temporal_iou({4, 0}, {0, 4}), 0);
  expect_near("both reversed", temporal_iou({4, 0}, {4, 0}), 0);
  expect_near("no length", temporal_iou({2, 2}, {2, 2}), 0);
  expect_near("a moment within", temporal_iou({2, 2}, {0, 4}), 0);
  for (const double bad : {kNaN, kInfinity, -kInfinity}) {
    expect_near("start", temporal_iou({bad, 4}, {0, 4}), 0);
    expect_near("stop", temporal_iou({0, 4}, {0, bad}), 0);
  }
}

GVL_TEST(recall_and_mean_by_hand) {
  // IoUs 1/3, 1, 0 (nothing found) and 5/10: three are at least 0.3, two at least 0.5, one at least 0.7; their mean
  // is (1/3 + 1 + 0 + 1/2) / 4 = 11/24.
  const GroundingScore score = grounding_score(std::vector<Grounding>{
      {Interval{0, 4}, {2, 6}}, {Interval{1, 2}, {1, 2}}, {std::nullopt, {1, 2}}, {Interval{0, 5}, {0, 10}}});
  ck_assert_uint_eq(score.count, 4);
  expect_near("R@1 0.3", score.recall[0], 0.75);
  expect_near("R@1 0.5", score.recall[1], 0.5);
  expect_near("R@1 0.7", score.recall[2], 0.25);
  expect_near("mIoU", score.mean_iou, 11.0 / 24);
}

GVL_TEST(the_nearest_reference_counts) {
  const std::vector<evaluation::Interval> references{{0, 4}, {10, 14}, {20, 24}};
  expect_near("the second", grounding_iou(best_match(evaluation::Interval{11, 14}, references)), 0.75);
  expect_near("the last", grounding_iou(best_match(evaluation::Interval{20, 24}, references)), 1);
  expect_near("none", grounding_iou(best_match(evaluation::Interval{5, 9}, references)), 0);
  expect_near("no prediction", grounding_iou(best_match(std::nullopt, references)), 0);
  // One that reaches over two is no better than the one that it overlaps more.
  expect_near("over two", grounding_iou(best_match(evaluation::Interval{0, 14}, references)), 4.0 / 14);
  expect_near("a single one", grounding_iou(best_match(evaluation::Interval{0, 2}, {{0, 4}})), 0.5);
  expect_error("no reference", ErrorCode::kInvalidArgument, {"reference"}, [] { best_match(std::nullopt, {}); });
}

GVL_TEST(empty_and_wrong_input) {
  const GroundingScore none = grounding_score(std::vector<Grounding>{});
  ck_assert_uint_eq(none.count, 0);
  expect_near("mIoU of none", none.mean_iou, 0);
  expect_near("R@1 of none", none.recall[0], 0);
  expect_near("an invalid prediction", grounding_iou({Interval{kNaN, 1}, {0, 1}}), 0);
  expect_error("reversed", ErrorCode::kInvalidArgument, {"reference"}, [] { grounding_iou({Interval{0, 1}, {1, 0}}); });
  expect_error("NaN", ErrorCode::kInvalidArgument, {"reference"}, [] { grounding_iou({std::nullopt, {kNaN, 0}}); });
  for (const double bad : {kNaN, -0.1, 1.1}) {
    expect_error("IoU", ErrorCode::kInvalidArgument, {"IoU"}, [&] { grounding_score(std::vector<double>{bad}); });
  }
}
