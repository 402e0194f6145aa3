/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detector-errors/moments.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "vision/object_features.hpp"

namespace gvl::benchmarks {
namespace {

using At = vision::ObjectFeature;

constexpr float kSeen = 0.1F;
constexpr float kSameThing = 0.3F;

struct Light {
  const char* name;
  std::int64_t feature;
};
constexpr Light kLight[] = {{"brightness", At::kBrightness}, {"contrast", At::kContrast},
                            {"saturation", At::kSaturation}, {"sharpness", At::kSharpness},
                            {"change", At::kChange},         {"objects >= 0.3, a tenth", At::kCount}};

float logit(float score) {
  const float within = std::clamp(score, 0.005F, 0.995F);
  return std::log(within / (1 - within));
}

/** The object that is most of the class. */
Sighting sight(std::size_t kind, const vision::SeenPicture& picture) {
  Sighting sighting{kind};
  for (const vision::Detection& object : picture.objects) {
    if (!sighting.seen || object.scores[kind] > sighting.score()) sighting.seen = object;
  }
  return sighting;
}

bool is_seen(const Sighting& sighting) { return sighting.score() >= kSeen; }

std::array<float, 2> centre(const vision::Box& box) { return {(box.left + box.right) / 2, (box.top + box.bottom) / 2}; }

/** How far a thing goes, x and y, in parts of its size. */
std::array<float, 2> move(const vision::Box& from, const vision::Box& to) {
  const std::array<float, 2> a = centre(from), b = centre(to);
  const float size = std::max(size_of(from), 1e-3F);
  return {(b[0] - a[0]) / size, (b[1] - a[1]) / size};
}

float growth(const vision::Box& from, const vision::Box& to) {
  return std::log(std::max(size_of(to), 1e-3F) / std::max(size_of(from), 1e-3F));
}

bool is_shown(const std::string& kind, const evaluation::QueriedVideo& video) {
  return std::any_of(video.questions.begin(), video.questions.end(), [&](const evaluation::Question& question) {
    return question.kind == kind && !question.truths.empty();
  });
}

bool is_same(const Sighting& a, const Sighting& b) {
  return is_seen(a) && is_seen(b) && vision::overlap(a.seen->box, b.seen->box) >= kSameThing;
}

void print_row(const char* name, const std::vector<float>& values) {
  std::printf("%s | %zu | %.3f | %s\n", name, values.size(), mean(values), deciles(values).c_str());
}

}  // namespace

void Moments::add(const evaluation::QueriedVideo& video) {
  const Keyframes keyframes = read_keyframes(video.file, keyframes_);
  const auto seen = detector_.look(keyframes.pictures, objects_);
  add_pictures(seen, keyframes.pictures);
  distances_.push_back(static_cast<float>(keyframes.share));
  for (const evaluation::Question& question : video.questions) {
    const auto kind = class_of(question.kind);
    if (!kind) continue;
    if (!is_shown(question.kind, video)) add_absent(*kind, seen);
    for (const evaluation::Interval& time : question.truths) add_shown(*kind, time, keyframes, seen);
  }
}

void Moments::add_shown(std::size_t kind, const evaluation::Interval& time, const Keyframes& keyframes,
                        const std::vector<vision::SeenPicture>& seen) {
  std::vector<std::int64_t> moment;
  for (std::int64_t i = 0; i < keyframes.number; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * keyframes.share;
    if (middle >= time.start && middle < time.stop) moment.push_back(i);
  }
  if (moment.empty()) return;
  std::vector<Sighting> sightings;
  for (const std::int64_t i : moment) sightings.push_back(sight(kind, seen[static_cast<std::size_t>(i)]));
  const Sighting& middle = sightings[sightings.size() / 2];
  if (is_seen(middle)) crops_.write(keyframes.pictures, moment[moment.size() / 2], kind, middle.seen->box);
  add_moment(std::move(sightings));
}

void Moments::add_moment(std::vector<Sighting> sightings) {
  std::vector<float> sizes;
  for (const Sighting& sighting : sightings) {
    if (is_seen(sighting)) sizes.push_back(size_of(sighting.seen->box));
  }
  for (Sighting& sighting : sightings) {
    sighting.size = static_cast<float>(median(sizes));
    sightings_.add(sighting);
  }
  if (sightings.size() < 4) return;
  add_scores(sightings);
  add_boxes(sightings);
}

void Moments::add_absent(std::size_t kind, const std::vector<vision::SeenPicture>& seen) {
  float most = 0;
  for (const vision::SeenPicture& picture : seen) {
    absent_.push_back(picture.strongest[kind]);
    most = std::max(most, absent_.back());
  }
  most_absent_.push_back(most);
}

void Moments::add_scores(const std::vector<Sighting>& sightings) {
  std::vector<float> logits;
  for (const Sighting& sighting : sightings) logits.push_back(logit(sighting.score()));
  const auto middle = static_cast<float>(mean(logits));
  means_.push_back(middle);
  deviations_.push_back(static_cast<float>(deviation(logits)));
  for (std::size_t i = 0; i < logits.size(); ++i) {
    squares_.push_back((logits[i] - middle) * (logits[i] - middle));
    if (i == 0) continue;
    products_.push_back((logits[i] - middle) * (logits[i - 1] - middle));
    changes_.push_back(std::abs(sightings[i].score() - sightings[i - 1].score()));
    const bool before = is_seen(sightings[i - 1]), now = is_seen(sightings[i]);
    (before ? lost_ : found_).push_back(before != now ? 1 : 0);
  }
}

void Moments::add_boxes(const std::vector<Sighting>& sightings) {
  for (std::size_t i = 1; i < sightings.size(); ++i) {
    if (!is_same(sightings[i - 1], sightings[i])) continue;
    const vision::Box &before = sightings[i - 1].seen->box, &now = sightings[i].seen->box;
    const auto moved = move(before, now);
    moves_.push_back(std::hypot(moved[0], moved[1]));
    growths_.push_back(std::abs(growth(before, now)));
    if (i < 2 || !is_same(sightings[i - 2], sightings[i - 1])) continue;
    const vision::Box& first = sightings[i - 2].seen->box;
    const auto earlier = move(first, before);
    // Of three values with noise of deviation d, this has the deviation d sqrt(6).
    for (std::size_t axis = 0; axis < 2; ++axis) {
      jumps_.push_back(std::abs(moved[axis] - earlier[axis]) / std::sqrt(6.0F));
    }
    swells_.push_back(std::abs(growth(before, now) - growth(first, before)) / std::sqrt(6.0F));
  }
}

void Moments::add_pictures(const std::vector<vision::SeenPicture>& seen, const Pictures& pictures) {
  const at::Tensor features = vision::object_features(seen, pictures.in_unit_range(), objects_);
  light_.resize(std::size(kLight));
  for (std::int64_t i = 0; i < std::ssize(seen); ++i) {
    for (std::size_t j = 0; j < light_.size(); ++j) {
      light_[j].push_back(features[i * (objects_ + 1)][kLight[j].feature].item<float>());
    }
  }
}

void Moments::print() const {
  std::printf("Things in films\n\n");
  sightings_.print();
  std::printf("\nfrom keyframe to keyframe | number | mean | deciles\n");
  print_row("seconds between keyframes", distances_);
  print_row("logit of the score: mean of a moment", means_);
  print_row("logit of the score: deviation within a moment", deviations_);
  print_row("change of the score", changes_);
  print_row("missed (< 0.1) after it was seen", lost_);
  print_row("seen after it was missed", found_);
  print_row("way of the centre, in sizes", moves_);
  print_row("growth, |log|", growths_);
  print_row("jitter of the centre (second difference), in sizes", jumps_);
  print_row("jitter of the size (second difference), |log|", swells_);
  std::printf("correlation of neighbouring logits within a moment: %.3f\n", mean(products_) / mean(squares_));
  std::printf("\nclasses that are asked for and not there | number | mean | deciles\n");
  print_row("strongest score in a picture", absent_);
  print_row("strongest score in a film", most_absent_);
  std::printf("\npictures | number | mean | deciles\n");
  for (std::size_t i = 0; i < light_.size(); ++i) print_row(kLight[i].name, light_[i]);
}

}  // namespace gvl::benchmarks
