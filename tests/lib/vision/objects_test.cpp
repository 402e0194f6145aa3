/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What becomes of a detector's scores: detections, colours, features.
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "support/testing.hpp"
#include "vision/object_features.hpp"

using namespace gvl::vision;

namespace {

using At = ObjectFeature;

constexpr std::int64_t kSide = 64;
constexpr std::int64_t kBins = 11;

/** Levels of a picture that show nothing; objects are put in at places. */
class Seen {
 public:
  explicit Seen(std::int64_t pictures) {
    for (const std::int64_t stride : {8, 16, 32}) {
      const std::int64_t across = kSide / stride, places = across * across;
      levels_.push_back({stride, across, 0.5, at::full({pictures, places, kCocoClasses}, 0.01),
                         at::zeros({pictures, places, 4 * kBins})});
    }
  }

  /** An object around the centre of the finest level's place `x`, `y`, `reach` strides to each side. */
  Seen& put(std::int64_t picture, std::int64_t x, std::int64_t y, std::int64_t reach, std::int64_t kind, double score) {
    const std::int64_t place = y * (kSide / 8) + x;
    levels_[0].scores[picture][place][kind] = score;
    for (std::int64_t side = 0; side < 4; ++side) levels_[0].sides[picture][place][side * kBins + reach] = 50;
    return *this;
  }

  std::vector<SeenPicture> detect(std::int64_t most) const { return gvl::vision::detect(levels_, kSide, most); }

 private:
  std::vector<DetectorLevel> levels_;
};

/** Pictures of one colour in 0-1. */
at::Tensor pictures_of(const std::vector<std::array<double, 3>>& colours) {
  const at::Tensor pictures = at::zeros({std::ssize(colours), 3, kSide, kSide});
  for (std::size_t i = 0; i < colours.size(); ++i) {
    for (std::int64_t channel = 0; channel < 3; ++channel) {
      pictures[static_cast<std::int64_t>(i)][channel].fill_(colours[i][static_cast<std::size_t>(channel)]);
    }
  }
  return pictures;
}

float value(const at::Tensor& features, std::int64_t row, std::int64_t feature) {
  return features[row][feature].item<float>();
}

void expect(float actual, double expected) {
  ck_assert_msg(std::abs(actual - expected) < 1e-4, "%g instead of %g", actual, expected);
}

}  // namespace

GVL_TEST(detections_are_the_strongest_that_do_not_overlap) {
  // Centres are at 8 (x + 0.5). The second overlaps the first, the third is another thing, the last is too weak.
  const auto seen =
      Seen(2).put(0, 2, 2, 2, 0, 0.9).put(0, 2, 3, 2, 7, 0.8).put(0, 6, 6, 1, 2, 0.5).put(0, 0, 7, 1, 3, 0.04);
  const auto pictures = seen.detect(5);
  ck_assert_uint_eq(pictures.size(), 2);
  ck_assert_uint_eq(pictures[0].objects.size(), 2);
  const Detection& first = pictures[0].objects[0];
  ck_assert_uint_eq(first.best_class(), 0);
  expect(first.best_score(), 0.9);
  expect(first.box.left, (20.0 - 16) / kSide);
  expect(first.box.bottom, (20.0 + 16) / kSide);
  ck_assert_uint_eq(pictures[0].objects[1].best_class(), 2);
  expect(pictures[0].strongest[7], 0.8);  // also of what is left out
  ck_assert(pictures[1].objects.empty());
  ck_assert_uint_eq(seen.detect(1)[0].objects.size(), 1);
}

GVL_TEST(boxes_end_with_the_picture) {
  const auto pictures = Seen(1).put(0, 0, 0, 10, 0, 0.9).detect(1);
  expect(pictures[0].objects[0].box.left, 0);
  expect(pictures[0].objects[0].box.right, 1);
}

GVL_TEST(colours_have_the_names_that_people_use) {
  const std::pair<Colour, std::array<float, 3>> named[] = {
      {Colour::kBlack, {0.05F, 0.05F, 0.05F}}, {Colour::kWhite, {0.95F, 0.95F, 0.92F}},
      {Colour::kGrey, {0.5F, 0.5F, 0.52F}},    {Colour::kRed, {0.8F, 0.1F, 0.1F}},
      {Colour::kOrange, {1.0F, 0.55F, 0.0F}},  {Colour::kBrown, {0.45F, 0.25F, 0.1F}},
      {Colour::kYellow, {0.95F, 0.9F, 0.1F}},  {Colour::kGreen, {0.1F, 0.6F, 0.2F}},
      {Colour::kBlue, {0.1F, 0.2F, 0.8F}},     {Colour::kPurple, {0.5F, 0.1F, 0.7F}},
      {Colour::kPink, {1.0F, 0.6F, 0.75F}}};
  for (const auto& [colour, rgb] : named) {
    ck_assert_msg(name_of_colour(rgb[0], rgb[1], rgb[2]) == colour, "%g %g %g", rgb[0], rgb[1], rgb[2]);
  }
}

GVL_TEST(white_is_white_in_dim_light) {
  // Two thirds are dark, a third is as bright as it gets.
  at::Tensor picture = pictures_of({{0.2, 0.25, 0.2}})[0].clone();
  picture.narrow(1, 0, 22).fill_(0.62);
  const PictureColours colours(picture.contiguous().data_ptr<float>(), kSide);
  ck_assert(colours.whole()[static_cast<std::size_t>(Colour::kWhite)] > 0.3F);
  ck_assert(name_of_colour(0.62F, 0.62F, 0.62F) == Colour::kGrey);
  // Where everything is dark, nothing is white.
  const at::Tensor night = pictures_of({{0.3, 0.3, 0.3}})[0];
  const PictureColours dark(night.contiguous().data_ptr<float>(), kSide);
  ck_assert(dark.whole()[static_cast<std::size_t>(Colour::kWhite)] == 0);
}

GVL_TEST(what_is_beside_the_picture_does_not_count) {
  at::Tensor picture = pictures_of({{0.9, 0.1, 0.1}})[0].clone();
  picture.narrow(1, 0, 16).fill_(114.0 / 255);
  picture.narrow(1, 48, 16).fill_(114.0 / 255);
  const PictureColours colours(picture.contiguous().data_ptr<float>(), kSide);
  expect(colours.whole()[static_cast<std::size_t>(Colour::kRed)], 1);
  expect(colours.contrast(), 0);
  expect(colours.sharpness(), 0);
  expect(colours.brightness(), 0.299 * 0.9 + 0.701 * 0.1);
  // A box that lies wholly beside it has no colour.
  for (const float share : colours.within({0, 0, 1, 0.2F})) expect(share, 0);
}

GVL_TEST(features_tell_pictures_and_objects) {
  const auto seen = Seen(1).put(0, 2, 2, 2, 0, 0.9).put(0, 6, 6, 1, 2, 0.2).detect(3);
  const at::Tensor features = object_features(seen, pictures_of({{0.1, 0.2, 0.8}}), 3);
  ck_assert(features.sizes() == at::IntArrayRef({4, kObjectFeatures}));
  expect(value(features, 0, At::kIsPicture), 1);
  expect(value(features, 0, At::kIsObject), 0);
  expect(value(features, 0, At::kScores), 0.9);
  expect(value(features, 0, At::kColours + static_cast<std::int64_t>(Colour::kBlue)), 1);
  expect(value(features, 0, At::kCount), 0.1);
  expect(value(features, 0, At::kChange), 0);
  expect(value(features, 1, At::kIsObject), 1);
  expect(value(features, 1, At::kIsPicture), 0);
  expect(value(features, 1, At::kScores), 0.9);
  expect(value(features, 1, At::kCentre), 20.0 / kSide);
  expect(value(features, 1, At::kSize), 32.0 / kSide);
  expect(value(features, 1, At::kFollowed), 0);
  expect(value(features, 2, At::kScores + 2), 0.2);
  expect(features[3].abs().sum().item<float>(), 0);  // there is no third
}

GVL_TEST(objects_are_followed_from_keyframe_to_keyframe) {
  // One moves right by a place, one of another class stands, one leaves.
  const auto seen = Seen(3)
                        .put(0, 2, 2, 2, 0, 0.9)
                        .put(0, 6, 6, 1, 2, 0.8)
                        .put(0, 1, 6, 1, 5, 0.7)
                        .put(1, 3, 2, 2, 0, 0.9)
                        .put(1, 6, 6, 1, 2, 0.8)
                        .put(2, 4, 2, 2, 0, 0.9)
                        .put(2, 6, 6, 1, 2, 0.8)
                        .detect(3);
  const at::Tensor features = object_features(seen, pictures_of({{0, 0, 0}, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}), 3);
  for (std::int64_t keyframe = 0; keyframe < 3; ++keyframe) {
    const std::int64_t row = keyframe * 4;
    expect(value(features, row + 1, At::kFollowed), 1);  // the first moves as it does to the second
    expect(value(features, row + 1, At::kMove), 10 * 8.0 / kSide);
    expect(value(features, row + 1, At::kMove + 1), 0);
    expect(value(features, row + 1, At::kGrowth), 0);
    expect(value(features, row + 2, At::kFollowed), 1);
    expect(value(features, row + 2, At::kMove), 0);
    expect(value(features, row, At::kChange), keyframe < 2 ? 10 * 0.5 : 0);
  }
  expect(value(features, 3, At::kScores + 5), 0.7);
  expect(value(features, 3, At::kFollowed), 0);
}
