/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/thing_scores.hpp"

#include <ATen/ops/zeros.h>

#include <cmath>

#include "support/testing.hpp"
#include "vision/object_features.hpp"

using namespace gvl;
using text::SoughtThings;
using At = vision::ObjectFeature;

namespace {

constexpr std::int64_t kObjects = 2;
constexpr std::size_t kPerson = 0, kCar = 2, kDog = 16;
constexpr double kRounding = 1e-6;

/** One picture's rows, in which nothing is seen. */
class Picture {
 public:
  /** Object `number`, from 1: the score of a class and of the picture's strongest place for it. */
  Picture& show(std::int64_t number, std::size_t thing, float score) {
    const auto column = At::kScores + static_cast<std::int64_t>(thing);
    rows_[number][column] = score;
    const float strongest = rows_[0][column].item<float>();
    rows_[0][column] = std::max(strongest, score);
    return *this;
  }
  Picture& paint(std::int64_t number, std::int64_t colour, float share) {
    rows_[number][At::kColours + colour] = share;
    return *this;
  }

  double score(const SoughtThings& sought) const {
    const auto scores = model::thing_scores(rows_, kObjects, sought, {kPerson, kDog});
    ck_assert_int_eq(scores.size(), 1);
    return scores[0];
  }

 private:
  at::Tensor rows_ = at::zeros({kObjects + 1, vision::kObjectFeatures});
};

void expect(double found, double wanted) {
  ck_assert_msg(std::abs(found - wanted) < kRounding, "%f instead of %f", found, wanted);
}

GVL_TEST(all_that_is_sought_is_there) {
  const Picture picture = Picture().show(1, kPerson, 0.8F).show(2, kCar, 0.5F);
  expect(picture.score({{{.things = {kPerson}}}}), 0.8);
  expect(picture.score({{{.things = {kPerson}}, {.things = {kCar}}}}), 0.5);
  expect(picture.score({{{.things = {kCar, kDog}}}}), 0.5);
  expect(picture.score({{{.things = {kDog}}}}), 0);
  expect(picture.score({}), 0);
}

GVL_TEST(things_are_counted_and_missed) {
  const Picture picture = Picture().show(1, kPerson, 0.8F).show(2, kPerson, 0.6F);
  expect(picture.score({{{.things = {kPerson}, .count = 2}}}), 0.6);
  expect(picture.score({{{.things = {kPerson}, .count = 3}}}), 0);
  expect(picture.score({{{.things = {kPerson}, .none = true}}}), 0.2);
  expect(picture.score({{{.things = {kCar}, .none = true}}}), 1);
}

GVL_TEST(alone_is_without_another_and_without_what_lives) {
  expect(Picture().show(1, kDog, 0.9F).score({{{.things = {kDog}}}, true}), 0.9);
  expect(Picture().show(1, kDog, 0.9F).show(2, kPerson, 1).score({{{.things = {kDog}}}, true}), 0);
  expect(Picture().show(1, kDog, 0.9F).show(2, kDog, 1).score({{{.things = {kDog}}}, true}), 0.1);
  expect(Picture().show(1, kDog, 0.9F).show(2, kCar, 1).score({{{.things = {kDog}}}, true}), 0.9);
}

GVL_TEST(a_colour_counts_in_the_box_of_the_thing) {
  constexpr std::int64_t kRed = 3, kBlue = 8;
  const SoughtThings red{{{.things = {kCar}, .colours = {kRed}}}};
  const double least = model::ThingScoring().without_colour;
  expect(Picture().show(1, kCar, 0.8F).paint(1, kRed, 0.9F).score(red), 0.8);
  expect(Picture().show(1, kCar, 0.8F).paint(1, kBlue, 0.9F).score(red), 0.8 * least);
  // The weaker one is the red one.
  expect(Picture().show(1, kCar, 0.8F).show(2, kCar, 0.7F).paint(2, kRed, 0.5F).score(red), 0.7);
  expect(Picture().show(1, kCar, 0.8F).paint(2, kRed, 0.9F).score(red), 0.8 * least);
}

}  // namespace
