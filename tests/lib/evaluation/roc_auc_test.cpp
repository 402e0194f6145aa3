/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/roc_auc.hpp"

#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

GVL_TEST(by_hand) {
  // 0.9 > 0.5, 0.9 > 0.1, 0.5 = 0.5 (half), 0.5 > 0.1: 3.5 of 4 pairs.
  expect_near("a tie", roc_auc({0.9, 0.5}, {0.5, 0.1}).value, 0.875);
  expect_near("perfect", roc_auc({2, 3}, {0, 1}).value, 1);
  expect_near("reversed", roc_auc({0, 1}, {2, 3}).value, 0);
  expect_near("all equal", roc_auc({1, 1, 1}, {1, 1}).value, 0.5);
  expect_near("infinite", roc_auc({kInfinity}, {-kInfinity, kInfinity}).value, 0.75);
}

GVL_TEST(thresholds_by_hand) {
  // At 0.5: two of three that are there, one of four that is not; at 0.9 one and none, at 0.3 all and two.
  const RocAuc auc = roc_auc({0.9, 0.5, 0.3}, {0.6, 0.4, 0.2, 0.1});
  expect_near("threshold", auc.threshold, 0.3);
  expect_near("kept", auc.kept_present, 1);
  expect_near("wrong", auc.kept_absent, 0.5);
  const RocAuc perfect = roc_auc({3, 2}, {0, 1});
  expect_near("perfect", perfect.threshold, 2);
  expect_near("nothing wrong", perfect.kept_absent, 0);
}

GVL_TEST(counts_every_pair) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    std::vector<double> present(1 + random.below(12)), absent(1 + random.below(12));
    for (double& score : present) score = static_cast<double>(random.below(6));
    for (double& score : absent) score = static_cast<double>(random.below(5));
    double pairs = 0;
    for (const double a : present) {
      for (const double b : absent) pairs += a > b ? 1 : a == b ? 0.5 : 0;
    }
    expect_near("random", roc_auc(present, absent).value, pairs / static_cast<double>(present.size() * absent.size()));
  }
}

GVL_TEST(empty_and_wrong_input) {
  const RocAuc none = roc_auc({}, {1, 2});
  expect_near("none present", none.value, 0);
  ck_assert_uint_eq(none.present, 0);
  ck_assert_uint_eq(none.absent, 2);
  expect_near("none absent", roc_auc({1}, {}).value, 0);
  expect_error("present", ErrorCode::kInvalidArgument, {"score"}, [] { roc_auc({1, kNaN}, {1}); });
  expect_error("absent", ErrorCode::kInvalidArgument, {"score"}, [] { roc_auc({}, {kNaN}); });
}
