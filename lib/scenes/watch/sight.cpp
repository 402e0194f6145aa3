/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/sight.hpp"

#include <algorithm>
#include <cmath>

#include "scenes/watch/things.hpp"

namespace gvl::scenes {
namespace {

constexpr double kStep = 0.05;

/** What must be seen of a thing, by reading: what is half outside or tiny is arguable. */
constexpr std::array<double, kReadings> kPart{0.6, 0.3, 0.03};
constexpr std::array<double, kReadings> kArea{0.003, 0.0008, 0.0001};

/** How far from the middle line a side begins; what lies nearer is arguable. */
constexpr std::array<double, kReadings> kBeside{0.08, 0, -0.08};
/** How far from its centre the middle of the picture reaches. */
constexpr std::array<double, kReadings> kAround{0.12, 0.17, 0.25};

/** A movement's length (frame widths), its share in the direction over across it, and its speed. */
constexpr std::array<double, kReadings> kWay{0.14, 0.1, 0.03};
constexpr std::array<double, kReadings> kAcross{2.0, 1.4, 0.35};
constexpr std::array<double, kReadings> kSpeed{0.025, 0.015, 0};
/** Natural logarithm of what a thing grows by when it comes closer. */
constexpr std::array<double, kReadings> kGrowth{0.35, 0.25, 0.08};

/** What still counts as rest: way, growth, and how long it must last. */
constexpr std::array<double, kReadings> kStill{0.012, 0.02, 0.05};
constexpr std::array<double, kReadings> kStillGrowth{0.03, 0.06, 0.16};
constexpr std::array<double, kReadings> kRest{1.8, 1.2, 0.3};

/** How far from each other are two things that are at each other. */
constexpr std::array<double, kReadings> kNear{0, 0.03, 0.12};
constexpr double kCoarse = 0.1;

/** A frame is wider than high. */
constexpr double kHeightToWidth = 0.6;

bool is_at(const Glimpse& glimpse, Place place, std::size_t level) {
  const double beside = kBeside[level], around = kAround[level];
  switch (place) {
    case Place::kLeft:
      return glimpse.x < 0.5 - beside;
    case Place::kRight:
      return glimpse.x > 0.5 + beside;
    case Place::kTop:
      return glimpse.y < 0.5 - beside;
    case Place::kBottom:
      return glimpse.y > 0.5 + beside;
    case Place::kMiddle:
      return std::abs(glimpse.x - 0.5) < around && std::abs(glimpse.y - 0.5) < 1.4 * around;
    case Place::kAnywhere:
      break;
  }
  return true;
}

/** How a box changes: to the right and down in frame widths, and by growth. */
struct Change {
  double right = 0, down = 0, growth = 0;
};

Change change_of(const Track& track, const TimeRange& time) {
  const TrackedBox from = track.box_at(time.start), to = track.box_at(time.stop);
  return {to.x - from.x, (to.y - from.y) * kHeightToWidth, std::log(to.height / from.height)};
}

bool is_movement(const Change& change, Direction direction, double seconds, std::size_t level) {
  if (direction == Direction::kCloser) return change.growth >= kGrowth[level];
  if (direction == Direction::kAway) return -change.growth >= kGrowth[level];
  const bool sideways = direction == Direction::kLeft || direction == Direction::kRight;
  const bool positive = direction == Direction::kRight || direction == Direction::kDown;
  const double way = (sideways ? change.right : change.down) * (positive ? 1 : -1);
  const double across = std::abs(sideways ? change.down : change.right);
  return way >= kWay[level] && way >= kAcross[level] * across && way >= kSpeed[level] * seconds;
}

bool is_rest(const Change& change, std::size_t level) {
  return std::hypot(change.right, change.down) < kStill[level] && std::abs(change.growth) < kStillGrowth[level];
}

/** Between two boxes, in frame widths; negative where they overlap, by how much. */
double gap_between(const TrackedBox& a, const TrackedBox& b) {
  const double across = std::abs(a.x - b.x) - (a.width + b.width) / 2;
  const double along = (std::abs(a.y - b.y) - (a.height + b.height) / 2) * kHeightToWidth;
  return std::max(across, along);
}

bool same(const TrackedBox& a, const TrackedBox& b) {
  return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

}  // namespace

std::size_t Sight::level(Reading reading) noexcept {
  return std::min<std::size_t>(static_cast<std::size_t>(reading), kReadings - 1);
}

Sight::Sight(const Track& track, double duration) : track_(&track), duration_(duration) {
  for (const TimeRange& piece : pieces()) {
    const bool moves = !same(track.box_at(piece.start), track.box_at(piece.stop));
    add_glimpses(piece.start, piece.stop, moves);
  }
  for (std::size_t i = 0; i < kReadings; ++i) {
    Spans spans;
    for (const Glimpse& glimpse : glimpses_) {
      if (glimpse.part >= kPart[i] && glimpse.area >= kArea[i]) spans.push_back(glimpse.time);
    }
    seen_[i] = merged(std::move(spans), kStep / 2);
  }
  find_visits(duration);
}

/** The stretches between the keys of its path, as far as it is there. */
std::vector<TimeRange> Sight::pieces() const {
  const double start = std::max(track_->start, 0.0), stop = std::min(track_->stop, duration_);
  std::vector<TimeRange> result;
  double last = start;
  for (const PathKey& key : track_->path) {
    if (key.time <= last || key.time >= stop) continue;
    result.push_back({last, key.time});
    last = key.time;
  }
  if (stop > last) result.push_back({last, stop});
  return result;
}

void Sight::add_glimpses(double from, double to, bool moves) {
  const int steps = moves ? std::max(1, static_cast<int>(std::ceil((to - from) / kStep))) : 1;
  for (int i = 0; i < steps; ++i) {
    const double step = (to - from) / steps, start = from + i * step;
    const TrackedBox box = track_->box_at(start + step / 2);
    const double left = std::max(box.left(), 0.0), right = std::min(box.right(), 1.0);
    const double top = std::max(box.top(), 0.0), bottom = std::min(box.bottom(), 1.0);
    const double part = part_in_frame(box);
    glimpses_.push_back(
        {{start, start + step}, part, part * box.width * box.height, (left + right) / 2, (top + bottom) / 2});
  }
}

Spans Sight::seen_at(Place place, Reading reading) const {
  if (place == Place::kAnywhere) return seen(reading);
  Spans spans;
  for (const Glimpse& glimpse : glimpses_) {
    if (is_at(glimpse, place, level(reading))) spans.push_back(glimpse.time);
  }
  return intersection(merged(std::move(spans), kStep / 2), seen(reading));
}

Spans Sight::moving(Direction direction, Reading reading) const {
  Spans spans;
  for (const TimeRange& time : intersection(pieces(), seen(reading))) {
    if (is_movement(change_of(*track_, time), direction, length(time), level(reading))) spans.push_back(time);
  }
  return merged(std::move(spans));
}

Spans Sight::moving(Reading reading) const {
  static constexpr Direction directions[] = {Direction::kLeft, Direction::kRight,  Direction::kUp,
                                             Direction::kDown, Direction::kCloser, Direction::kAway};
  Spans spans;
  for (const Direction direction : directions) {
    for (const TimeRange& time : moving(direction, reading)) spans.push_back(time);
  }
  return merged(std::move(spans));
}

Spans Sight::resting(Reading reading) const {
  Spans spans;
  for (const TimeRange& time : intersection(pieces(), seen(reading))) {
    if (is_rest(change_of(*track_, time), level(reading))) spans.push_back(time);
  }
  spans = merged(std::move(spans));
  std::erase_if(spans, [&](const TimeRange& span) { return length(span) < kRest[level(reading)]; });
  return spans;
}

Spans Sight::beside(const Sight& other, Reading reading) const {
  Spans spans;
  for (const TimeRange& time : intersection(seen(reading), other.seen(reading))) {
    const int steps = std::max(1, static_cast<int>(std::ceil(length(time) / kCoarse)));
    const double step = length(time) / steps;
    for (int i = 0; i < steps; ++i) {
      const double start = time.start + i * step;
      const double middle = start + step / 2;
      if (gap_between(track_->box_at(middle), other.track().box_at(middle)) < kNear[level(reading)]) {
        spans.push_back({start, start + step});
      }
    }
  }
  return merged(std::move(spans), kStep / 2);
}

Watched::Watched(const WatchedScene& watched) : scene(watched) {
  for (const Track& track : scene.tracks) sights.emplace_back(track, scene.duration);
  for (Sight& sight : sights) {
    if (thing_at(sight.track().thing).gait == Gait::kCarried) sight.watch_hands(sights);
  }
}

}  // namespace gvl::scenes
