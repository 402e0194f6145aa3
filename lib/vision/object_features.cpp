/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/object_features.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace gvl::vision {
namespace {

/** What is known of an object beyond its detection. */
struct FollowedObject : Detection {
  PictureColours::Shares colours{};
  std::array<float, 2> move{}, growth{};
  bool followed = false;
};
using Objects = std::vector<FollowedObject>;
using At = ObjectFeature;

/** How much `b` looks to be the thing that `a` is; 0: not at all. */
float likeness(const Detection& a, const Detection& b) {
  // As far as a thing of its size may go between two keyframes.
  constexpr float kReach = 1.5F;
  const float x = (a.box.left + a.box.right - b.box.left - b.box.right) / 2;
  const float y = (a.box.top + a.box.bottom - b.box.top - b.box.bottom) / 2;
  const float size = std::sqrt(std::max(a.box.area(), b.box.area()));
  const float distance = std::hypot(x, y), reach = kReach * size + 0.02F;
  if (distance > reach || size == 0) return 0;
  float common = 0;
  for (std::size_t i = 0; i < a.scores.size(); ++i) common += std::min(a.scores[i], b.scores[i]);
  const float shape = std::sqrt(std::min(a.box.area(), b.box.area())) / size;
  return common * shape * (1 - distance / (reach + 1e-6F));
}

/** Pairs of most alike things of two keyframes, each in one pair: for each of `now` its place in `before`. */
std::vector<std::optional<std::size_t>> follow(const Objects& now, const Objects& before) {
  struct Pair {
    float likeness;
    std::size_t now, before;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < now.size(); ++i) {
    for (std::size_t j = 0; j < before.size(); ++j) {
      const float alike = likeness(now[i], before[j]);
      if (alike > 0) pairs.push_back({alike, i, j});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.likeness > b.likeness; });
  std::vector<std::optional<std::size_t>> found(now.size());
  std::vector<bool> taken(before.size());
  for (const Pair& pair : pairs) {
    if (found[pair.now] || taken[pair.before]) continue;
    found[pair.now] = pair.before;
    taken[pair.before] = true;
  }
  return found;
}

void set_move(FollowedObject& object, const Box& from, const Box& to) {
  const auto growth = [](float after, float before) { return after > 0 && before > 0 ? std::log(after / before) : 0; };
  object.move = {(to.left + to.right - from.left - from.right) / 2, (to.top + to.bottom - from.top - from.bottom) / 2};
  object.growth = {growth(to.width(), from.width()), growth(to.height(), from.height())};
  object.followed = true;
}

void follow_all(std::vector<Objects>& keyframes) {
  for (std::size_t i = 1; i < keyframes.size(); ++i) {
    const auto found = follow(keyframes[i], keyframes[i - 1]);
    for (std::size_t j = 0; j < found.size(); ++j) {
      if (!found[j]) continue;
      FollowedObject &object = keyframes[i][j], &before = keyframes[i - 1][*found[j]];
      set_move(object, before.box, object.box);
      if (i == 1) set_move(before, before.box, object.box);
    }
  }
}

void write_picture(const DescribedPicture& picture, float change, std::span<float> row) {
  constexpr float kSeen = 0.3F;
  const SeenPicture& seen = picture.seen;
  std::copy(seen.strongest.begin(), seen.strongest.end(), row.begin() + At::kScores);
  row[At::kIsPicture] = 1;
  std::copy(picture.whole.begin(), picture.whole.end(), row.begin() + At::kColours);
  row[At::kBrightness] = picture.brightness;
  row[At::kContrast] = picture.contrast;
  row[At::kSaturation] = picture.saturation;
  row[At::kSharpness] = At::kGain * picture.sharpness;
  row[At::kChange] = At::kGain * change;
  const auto is_seen = [](const Detection& object) { return object.best_score() >= kSeen; };
  row[At::kCount] = static_cast<float>(std::count_if(seen.objects.begin(), seen.objects.end(), is_seen)) / 10;
}

void write_object(const FollowedObject& object, std::span<float> row) {
  std::copy(object.scores.begin(), object.scores.end(), row.begin() + At::kScores);
  row[At::kIsObject] = 1;
  std::copy(object.colours.begin(), object.colours.end(), row.begin() + At::kColours);
  const Box& box = object.box;
  const std::array<float, 4> place{(box.left + box.right) / 2, (box.top + box.bottom) / 2, box.width(), box.height()};
  std::copy(place.begin(), place.end(), row.begin() + At::kCentre);
  for (std::int64_t i = 0; i < 2; ++i) {
    row[At::kMove + i] = At::kGain * object.move[i];
    row[At::kGrowth + i] = At::kGain * object.growth[i];
  }
  row[At::kFollowed] = object.followed ? 1 : 0;
}

Objects objects_of(const DescribedPicture& picture) {
  Objects objects;
  for (std::size_t i = 0; i < picture.seen.objects.size(); ++i) {
    objects.push_back({{picture.seen.objects[i]}, picture.colours[i]});
  }
  return objects;
}

std::vector<DescribedPicture> describe(const std::vector<SeenPicture>& seen, const at::Tensor& pictures) {
  const at::Tensor pixels = pictures.to(at::kCPU, at::kFloat).contiguous();
  const std::int64_t size = pixels.size(2);
  std::vector<DescribedPicture> described;
  std::optional<PictureColours> before;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const PictureColours colours(pixels.data_ptr<float>() + static_cast<std::int64_t>(i) * 3 * size * size, size);
    DescribedPicture picture{.seen = seen[i],
                             .whole = colours.whole(),
                             .brightness = colours.brightness(),
                             .contrast = colours.contrast(),
                             .saturation = colours.saturation(),
                             .sharpness = colours.sharpness(),
                             .change = before ? colours.change_since(*before) : 0};
    for (const Detection& object : seen[i].objects) picture.colours.push_back(colours.within(object.box));
    described.push_back(std::move(picture));
    before = colours;
  }
  return described;
}

}  // namespace

at::Tensor object_features(const std::vector<DescribedPicture>& keyframes, std::int64_t objects) {
  std::vector<Objects> followed;
  for (const DescribedPicture& keyframe : keyframes) followed.push_back(objects_of(keyframe));
  follow_all(followed);
  const std::int64_t rows = objects + 1;
  const at::Tensor features = at::zeros({std::ssize(keyframes) * rows, kObjectFeatures}, at::kFloat);
  const auto row = [&](std::size_t keyframe, std::size_t number) {
    const std::int64_t index = static_cast<std::int64_t>(keyframe) * rows + static_cast<std::int64_t>(number);
    return std::span<float>(features.data_ptr<float>() + index * kObjectFeatures, kObjectFeatures);
  };
  for (std::size_t i = 0; i < keyframes.size(); ++i) {
    const std::size_t later = std::min(std::max<std::size_t>(i, 1), keyframes.size() - 1);
    write_picture(keyframes[i], later > 0 ? keyframes[later].change : 0, row(i, 0));
    for (std::size_t j = 0; j < followed[i].size(); ++j) write_object(followed[i][j], row(i, j + 1));
  }
  return features;
}

at::Tensor object_features(const std::vector<SeenPicture>& seen, const at::Tensor& pictures, std::int64_t objects) {
  return object_features(describe(seen, pictures), objects);
}

}  // namespace gvl::vision
