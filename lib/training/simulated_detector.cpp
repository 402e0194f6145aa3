/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/simulated_detector.hpp"

#include <ATen/ops/stack.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "gvl/sampling.hpp"
#include "scenes/random.hpp"
#include "scenes/watch/things.hpp"
#include "vision/object_features.hpp"

namespace gvl::training {
namespace {

using scenes::Random;
using vision::Box;
using vision::Detection;
using Shares = vision::PictureColours::Shares;
using Scores = std::array<float, vision::kCocoClasses>;

constexpr std::string_view kColourNames[vision::kColours] = {"black",  "gray",  "white", "red",    "orange", "brown",
                                                             "yellow", "green", "blue",  "purple", "pink"};

/** Normally distributed. */
double normal(Random& random) {
  const double u = 1 - random.uniform(), v = random.uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * 3.14159265358979 * v);
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/** A level that wanders about its mean and is somewhat alike from keyframe to keyframe. */
class Wandering {
 public:
  Wandering(double mean, double deviation, double memory, Random& random)
      : mean_(mean), deviation_(deviation), memory_(memory), value_(mean + deviation * normal(random)) {}

  double next(Random& random) {
    const double step = deviation_ * std::sqrt(1 - memory_ * memory_);
    return value_ = mean_ + memory_ * (value_ - mean_) + step * normal(random);
  }

 private:
  double mean_, deviation_, memory_, value_;
};

Shares normalised(Shares shares) {
  float sum = 0;
  for (const float share : shares) sum += share;
  for (float& share : shares) share /= std::max(sum, 1e-6F);
  return shares;
}

/** Colours of a picture, or of a thing that has none that people would agree on. */
Shares mixed_colours(Random& random) {
  Shares shares{};
  for (float& share : shares) share = static_cast<float>(std::pow(random.uniform(), 4));
  return normalised(shares);
}

/** What is measured of a thing of that colour: what lies in shade or is seen beside it often has another one. */
std::string_view measured_colour(std::string_view name, Random& random) {
  if (random.chance(0.7)) return name;
  if (name == "white" || name == "brown" || name == "yellow") return "gray";
  if (name == "red" || name == "orange") return random.chance(0.5) ? "brown" : "black";
  return random.chance(0.6) ? "black" : "gray";
}

/** Colours of a thing that people would call `name`. */
Shares colours_of(std::string_view name, Random& random) {
  Shares shares = mixed_colours(random);
  const std::string_view measured = measured_colour(name, random);
  const auto* found = std::find(std::begin(kColourNames), std::end(kColourNames), measured);
  if (found == std::end(kColourNames)) return shares;
  const auto share = static_cast<float>(random.uniform(0.3, 0.95));
  for (float& other : shares) other *= 1 - share;
  shares[static_cast<std::size_t>(found - std::begin(kColourNames))] += share;
  return shares;
}

/** Log odds of the score of a thing of that size, in parts of the square's side, beside one of usual size. */
double clearness(double size) {
  if (size < 0.05) return -2.5 + 20 * size;
  if (size < 0.1) return -1.5 + 16 * (size - 0.05);
  return size < 0.25 ? -0.7 + 6.5 * (size - 0.1) : size < 0.5 ? 0.28 : 0.0;
}

/** A thing, as the detector takes it as long as it sees it. */
// The numbers here and below are about those that benchmarks/detector-errors.cpp prints of real footage.
class SeenThing {
 public:
  SeenThing(int thing, std::string_view colour, Random& random)
      : thing_(thing),
        level_(mean_level(random), random.uniform(0.2, 0.7), 0.35, random),
        colours_(colours_of(colour, random)) {
    std::vector<int> others;
    for (int other = 0; other < vision::kCocoClasses; ++other) {
      if (scenes::lookalikes(thing).test(static_cast<std::size_t>(other))) others.push_back(other);
    }
    random.shuffle(others);
    others.resize(std::min<std::size_t>(others.size(), static_cast<std::size_t>(random.integer(1, 4))));
    if (random.chance(0.3)) others.push_back(static_cast<int>(random.integer(0, vision::kCocoClasses - 1)));
    // The first is the likeliest; it is above the thing itself in every tenth case.
    double part = std::exp(-1.4 + 1.1 * normal(random));
    for (const int other : others) {
      if (other != thing) taken_for_.push_back({other, std::min(part, 3.0)});
      part *= random.uniform(0.3, 0.9);
    }
  }

  /** What is seen of it, `shown` of it within the picture. */
  std::optional<Detection> look(const Box& box, double shown, Random& random) {
    const double size = std::sqrt(static_cast<double>(box.area()));
    // Misses come in runs.
    missed_ = random.chance(missed_ ? 0.7 : 0.02);
    const double seen = sigmoid(level_.next(random) + clearness(size) + 2 * (shown - 1)) * (missed_ ? 0.1 : 1);
    Detection detection{.box = shaken(box, random)};
    const auto set = [&](int number, double score) {
      detection.scores[static_cast<std::size_t>(number)] = static_cast<float>(std::clamp(score, 0.0, 0.9));
    };
    for (const auto& [other, part] : taken_for_) set(other, seen * part * random.uniform(0.7, 1.4));
    set(thing_, seen);
    if (detection.best_score() < vision::kLeastScore) return std::nullopt;
    return detection;
  }

  const Shares& colours() const noexcept { return colours_; }

 private:
  struct TakenFor {
    int thing;
    double part;
  };

  /** Log odds of the score, in the mean of a visit: most are seen well, some hardly. */
  static double mean_level(Random& random) {
    return random.chance(0.75) ? 0.6 + 0.6 * normal(random) : -1.4 + 1.1 * normal(random);
  }

  static Box shaken(const Box& box, Random& random) {
    constexpr double kShake = 0.03;
    const auto edge = [&](float place, float length) {
      return std::clamp(place + static_cast<float>(kShake * normal(random)) * length, 0.0F, 1.0F);
    };
    Box moved{edge(box.left, box.width()), edge(box.top, box.height()), edge(box.right, box.width()),
              edge(box.bottom, box.height())};
    moved.right = std::max(moved.right, moved.left + 0.005F);
    moved.bottom = std::max(moved.bottom, moved.top + 0.005F);
    return moved;
  }

  int thing_;
  bool missed_ = false;
  Wandering level_;
  Shares colours_;
  std::vector<TakenFor> taken_for_;
};

/** Something in the background that is taken for a thing, weakly and for long. */
struct Phantom {
  explicit Phantom(Random& random)
      : thing(static_cast<int>(random.integer(0, vision::kCocoClasses - 1))),
        level(0.06 - 0.07 * std::log(1 - random.uniform()), 0.035, 0.8, random),
        colours(mixed_colours(random)) {
    const double width = random.uniform(0.05, 0.5), height = random.uniform(0.05, 0.5);
    const double x = random.uniform(0, 1 - width), y = random.uniform(0, 1 - height);
    box = {static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + width), static_cast<float>(y + height)};
  }

  int thing;
  Wandering level;
  Shares colours;
  Box box;
};

class Simulation {
 public:
  Simulation(const scenes::WatchedScene& scene, std::uint64_t seed, const ModelConfig& model)
      : scene_(scene), model_(model), random_(seed), light_(random_.uniform(0.15, 0.75), 0.01, 0.9, random_) {
    // Of a wide picture in a square.
    aspect_ = random_.pick(std::array{16.0 / 9, 16.0 / 9, 16.0 / 9, 4.0 / 3, 4.0 / 3, 1.0});
    for (const scenes::Track& track : scene.tracks) things_.emplace_back(track.thing, track.colour, random_);
    for (std::int64_t count = random_.integer(0, 16); count > 0; --count) phantoms_.emplace_back(random_);
    for (float& score : floor_) score = static_cast<float>(0.015 * std::exp(0.9 * normal(random_)));
    whole_ = {.whole = mixed_colours(random_),
              .contrast = static_cast<float>(random_.uniform(0.1, 0.3)),
              .saturation = static_cast<float>(std::min(0.6, 0.13 * std::exp(0.8 * normal(random_)))),
              .sharpness = static_cast<float>(std::min(0.1, 0.024 * std::exp(0.6 * normal(random_))))};
    still_ = random_.chance(0.6) ? random_.uniform(0.001, 0.015) : random_.uniform(0.01, 0.06);
  }

  at::Tensor run() {
    std::vector<at::Tensor> segments;
    for (std::int64_t segment = 0; segment < model_.segments; ++segment) {
      std::vector<vision::DescribedPicture> keyframes;
      for (std::int64_t i = 0; i < model_.spatial.keyframes; ++i) keyframes.push_back(keyframe(time_of(segment, i)));
      segments.push_back(vision::object_features(keyframes, model_.spatial.objects));
    }
    return at::stack(segments);
  }

 private:
  struct Candidate {
    Detection detection;
    Shares colours;
  };

  double time_of(std::int64_t segment, std::int64_t keyframe) const {
    const std::int64_t n = model_.frames_per_segment();
    const std::int64_t sample = segment * n + keyframe_of(n, model_.spatial.keyframes, keyframe);
    return (static_cast<double>(sample) + 0.5) / static_cast<double>(model_.frames) * scene_.duration;
  }

  vision::DescribedPicture keyframe(double time) {
    std::vector<Candidate> candidates;
    double moved = 0;
    for (std::size_t i = 0; i < things_.size(); ++i) {
      if (!scene_.tracks[i].visible_at(time)) continue;
      const scenes::TrackedBox box = scene_.tracks[i].box_at(time), before = scene_.tracks[i].box_at(time - 0.5);
      moved += std::hypot(box.x - before.x, box.y - before.y) * std::sqrt(box.width * box.height);
      add_thing(things_[i], box, candidates);
    }
    for (Phantom& phantom : phantoms_) {
      Detection detection{.box = phantom.box};
      const double level = phantom.level.next(random_);
      if (level < vision::kLeastScore) continue;
      detection.scores[static_cast<std::size_t>(phantom.thing)] = static_cast<float>(std::min(level, 0.7));
      candidates.push_back({detection, phantom.colours});
    }
    return picture_of(std::move(candidates), moved);
  }

  /** From parts of the frame to those of the square that it lies in. */
  Box in_square(const scenes::TrackedBox& box) const {
    const auto edge = [](double place) { return static_cast<float>(std::clamp(place, 0.0, 1.0)); };
    const auto down = [&](double y) { return 0.5 + (y - 0.5) / aspect_; };
    return {edge(box.x - box.width / 2), static_cast<float>(down(edge(box.y - box.height / 2))),
            edge(box.x + box.width / 2), static_cast<float>(down(edge(box.y + box.height / 2)))};
  }

  void add_thing(SeenThing& thing, const scenes::TrackedBox& tracked, std::vector<Candidate>& candidates) {
    const Box box = in_square(tracked);
    const double whole = tracked.width * tracked.height / aspect_;
    const double shown = whole > 0 ? std::clamp(static_cast<double>(box.area()) / whole, 0.0, 1.0) : 0;
    if (shown < 0.05) return;
    const auto detection = thing.look(box, shown, random_);
    if (!detection) return;
    candidates.push_back({*detection, thing.colours()});
    if (random_.chance(0.94)) return;
    // A part of it is seen as one, too.
    Candidate part = candidates.back();
    part.detection.box.bottom -= 0.55F * part.detection.box.height();
    for (float& score : part.detection.scores) score *= 0.6F;
    candidates.push_back(part);
  }

  vision::DescribedPicture picture_of(std::vector<Candidate> candidates, double moved) {
    std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return a.detection.best_score() > b.detection.best_score();
    });
    vision::DescribedPicture picture = whole_;
    for (std::size_t i = 0; i < floor_.size(); ++i) {
      picture.seen.strongest[i] = std::min(0.4F, floor_[i] * static_cast<float>(std::exp(0.4 * normal(random_))));
    }
    for (const Candidate& candidate : candidates) {
      for (std::size_t i = 0; i < picture.seen.strongest.size(); ++i) {
        picture.seen.strongest[i] = std::max(picture.seen.strongest[i], candidate.detection.scores[i]);
      }
      auto& objects = picture.seen.objects;
      if (std::ssize(objects) == model_.spatial.objects) continue;
      if (vision::overlaps_any(objects, candidate.detection.box)) continue;
      objects.push_back(candidate.detection);
      picture.colours.push_back(candidate.colours);
    }
    picture.brightness = static_cast<float>(std::clamp(light_.next(random_), 0.02, 0.98));
    picture.change = static_cast<float>(still_ * random_.uniform(0.5, 1.5) + 0.5 * moved);
    return picture;
  }

  const scenes::WatchedScene& scene_;
  const ModelConfig& model_;
  Random random_;
  double aspect_ = 1;
  std::vector<SeenThing> things_;
  std::vector<Phantom> phantoms_;
  vision::DescribedPicture whole_;
  Wandering light_;
  double still_ = 0;
  Scores floor_{};  // what each class scores where it is not
};

}  // namespace

at::Tensor simulate_detector(const scenes::WatchedScene& scene, std::uint64_t seed, const ModelConfig& model) {
  return Simulation(scene, seed, model).run();
}

}  // namespace gvl::training
