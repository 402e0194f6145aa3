/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/dense_captioning.hpp"

#include <algorithm>

#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

constexpr double kSame = 53.0 / 54;  // METEOR of equal sentences of three words: 1 - 0.5 / 27

const Captions kPredictions{{{10, 20}, "a dog barks"}, {{0, 10}, "a man runs"}};
const Captions kReferences{{{0, 10}, "a man runs"}, {{20, 30}, "the end"}, {{15, 20}, "a dog barks"}};

using Matrix = std::vector<std::vector<double>>;

/** Tries every assignment that keeps the order, row `i` and column `j` onwards. */
double exhaustive(const Matrix& scores, std::size_t i, std::size_t j) {
  if (i == scores.size()) return 0;
  double best = exhaustive(scores, i + 1, j);
  for (std::size_t k = j; k < scores[i].size(); ++k)
    best = std::max(best, scores[i][k] + exhaustive(scores, i + 1, k + 1));
  return best;
}

}  // namespace

GVL_TEST(assignments_by_hand) {
  expect_near("none", ordered_assignment({}), 0);
  expect_near("no columns", ordered_assignment({{}, {}}), 0);
  expect_near("5 and 6 cross: the larger", ordered_assignment({{0, 5}, {6, 0}}), 6);
  expect_near("in order: both", ordered_assignment({{5, 0}, {0, 6}}), 11);
  expect_near("a column once", ordered_assignment({{3}, {4}}), 4);
  expect_near("a row once", ordered_assignment({{3, 4}}), 4);
  // 4 + 7 in order beats 2 + 1 + 3 and 8 alone.
  expect_near("three", ordered_assignment({{2, 4, 8}, {1, 1, 7}, {1, 0, 3}}), 11);
}

GVL_TEST(best_of_all_assignments) {
  Random random;
  for (int round = 0; round < 500; ++round) {
    Matrix scores(1 + random.below(6), std::vector<double>(1 + random.below(6)));
    for (auto& row : scores) {
      for (double& score : row) score = static_cast<double>(random.below(10));
    }
    expect_near("random", ordered_assignment(scores), exhaustive(scores, 0, 0));
  }
}

GVL_TEST(soda_by_hand) {
  // In order of time: the man (IoU 1) and the dog (IoU 5/10) pair up: sum = (1 + 0.5) 53/54. Of 2 predictions and 3
  // references: P = sum / 2, R = sum / 3, F1 = 2 sum / 5.
  const double sum = 1.5 * kSame;
  const PrecisionRecall score = soda_c(kPredictions, kReferences);
  expect_near("precision", score.precision, sum / 2);
  expect_near("recall", score.recall, sum / 3);
  expect_near("F1", score.f1, 2 * sum / 5);
}

GVL_TEST(soda_keeps_the_story_in_order) {
  // The right sentences at the wrong one of two overlapping events: both pairs have an IoU of 8/12, and they cross.
  const Captions predictions{{{0, 10}, "a dog barks"}, {{2, 12}, "a man runs"}};
  const Captions references{{{0, 10}, "a man runs"}, {{2, 12}, "a dog barks"}};
  // In order: IoU 1 each, METEOR of "a" alone: P = R = 1/3, Fmean = 1/3, penalty 0.5: 1/6 each, sum 1/3.
  // One crossing pair alone: 8/12 * 53/54 = 0.654: the larger.
  expect_near("F1", soda_c(predictions, references).f1, 8.0 / 12 * kSame / 2);
}

GVL_TEST(soda_of_several_annotators_takes_the_best) {
  const Captions poor{{{0, 5}, "a man runs"}};
  // poor: sum 0.5 * 53/54, P = sum / 2, R = sum, F1 = 2 sum / 3 = 0.327 < 0.589 of kReferences.
  expect_near("poor", soda_c(kPredictions, poor).f1, kSame / 3);
  for (const auto& sets : {std::vector<Captions>{poor, kReferences, {}}, {kReferences, poor}}) {
    const PrecisionRecall score = soda_c(kPredictions, sets);
    expect_near("F1", score.f1, 2 * 1.5 * kSame / 5);
    expect_near("recall", score.recall, 1.5 * kSame / 3);
  }
}

GVL_TEST(meteor_by_hand) {
  // The dog overlaps by exactly 0.5: at 0.3 and 0.5 both predictions have a pair, at 0.7 and 0.9 the dog counts as 0.
  const DenseCaptioningScore score = dense_captioning_score(kPredictions, {kReferences});
  expect_near("0.3", score.meteor_at[0], kSame);
  expect_near("0.5", score.meteor_at[1], kSame);
  expect_near("0.7", score.meteor_at[2], kSame / 2);
  expect_near("0.9", score.meteor_at[3], kSame / 2);
  expect_near("mean", score.meteor, kSame * 0.75);
  // A second annotator's other words for the man make a pair of their own: (53/54 + 0 + 53/54) / 3.
  expect_near("sets", caption_meteor(kPredictions, {kReferences, {{{0, 10}, "somebody hurries"}}}, 0.5), kSame * 2 / 3);
}

GVL_TEST(means_of_videos) {
  const DenseCaptioningScore right = dense_captioning_score(kReferences, {kReferences});
  const DenseCaptioningScore wrong = dense_captioning_score({}, {kReferences});
  const DenseCaptioningScore both = mean({right, wrong, {}});
  ck_assert_uint_eq(both.count, 2);
  expect_near("SODA_c", both.soda.f1, right.soda.f1 / 2);
  expect_near("precision", both.soda.precision, right.soda.precision / 2);
  expect_near("METEOR", both.meteor, right.meteor / 2);
  expect_near("nested", mean({both, right}).soda.f1, right.soda.f1 * 2 / 3);
  ck_assert_uint_eq(mean({}).count, 0);
  expect_near("none", mean({}).soda.f1 + mean({}).meteor, 0);
}

GVL_TEST(empty_and_wrong_input) {
  expect_near("no predictions", dense_captioning_score({}, {kReferences}).soda.f1, 0);
  expect_near("no references", soda_c(kPredictions, Captions{}).f1, 0);
  expect_near("METEOR", caption_meteor({}, {kReferences}, 0.3), 0);
  const Captions broken{{{kNaN, 3}, "a man runs"}, {{10, 0}, "a man runs"}, {{0, 10}, "a man runs"}};
  expect_near("broken predictions", soda_c(broken, Captions{kReferences[0]}).precision, kSame / 3);
  expect_error("reference", ErrorCode::kInvalidArgument, {"reference"}, [&] { soda_c(kPredictions, broken); });
  expect_error("METEOR", ErrorCode::kInvalidArgument, {"reference"}, [&] { caption_meteor({}, {broken}, 0.3); });
  for (const auto& sets : {std::vector<Captions>{}, {Captions{}}}) {
    expect_error("none", ErrorCode::kInvalidArgument, {"reference"}, [&] { dense_captioning_score({}, sets); });
  }
}
