/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cmath>
#include <numeric>

#include "scenes/claim.hpp"
#include "scenes/composer.hpp"

namespace gvl::scenes {
namespace {

constexpr double kShortestRepeating = 10;     // seconds of video: two events are at most twelve a minute then
constexpr double kMostTimes = 12;             // what an answer has room for
constexpr std::size_t kMostBesides = 2;       // other kinds between what comes again and again
constexpr std::size_t kSeveralBackdrops = 4;  // that edits go to and fro between
constexpr double kLongestMoving = 30;         // seconds: a slower camera hardly seems to move

bool is_fade(EventKind kind) { return kind == EventKind::kFadeToBlack || kind == EventKind::kFadeFromBlack; }

Weights only(const Weights& weights, KindSet kinds) {
  Weights chosen{};
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    if (kinds.contains(static_cast<EventKind>(i))) chosen[i] = weights[i];
  }
  return chosen;
}

bool any(const Weights& weights) { return std::accumulate(weights.begin(), weights.end(), 0.0) > 0; }

/** Signal faults, and what else camera and cutting do. */
KindSet repeatable_kinds(const Weights& weights) {
  KindSet kinds;
  for (auto i = 0; i < static_cast<int>(EventKind::kAppears); ++i) {
    const auto kind = static_cast<EventKind>(i);
    const bool returns = !is_camera_move(kind) || weights[static_cast<std::size_t>(opposite(kind))] > 0;
    if (returns) kinds.insert(kind);
  }
  return kinds;
}

/** Edits are over too soon, and show by what is before and after them. */
KindSet long_kinds(double duration) {
  KindSet kinds{EventKind::kShake};
  for (auto i = 0; i < static_cast<int>(EventKind::kAppears); ++i) {
    const auto kind = static_cast<EventKind>(i);
    const bool moves = is_camera_move(kind) && duration <= kLongestMoving;
    if (moves || group_of(kind) == EventGroup::kSignal) kinds.insert(kind);
  }
  return kinds;
}

}  // namespace

bool is_camera_move(EventKind kind) noexcept { return kind >= EventKind::kPanLeft && kind <= EventKind::kZoomOut; }

EventKind opposite(EventKind move) noexcept {
  // They stand in pairs.
  const int place = static_cast<int>(move) - static_cast<int>(EventKind::kPanLeft);
  return static_cast<EventKind>(static_cast<int>(EventKind::kPanLeft) + (place ^ 1));
}

/** Draws from numbers of its own: a video without a theme is the same whatever their shares are. */
void Composer::choose_theme() {
  constexpr std::uint64_t kFork = 101;
  Random random = random_.fork(kFork);
  if (picture_kinds_.empty() && object_kinds_.empty()) return;
  const double drawn = random.uniform();
  if (drawn < options_.repeats) return choose_repeats(random);
  if (drawn < options_.repeats + options_.long_events) choose_long(random);
}

void Composer::choose_repeats(Random& random) {
  const double minutes = composition_.scene.duration / 60;
  const Weights weights = only(options_.weights, repeatable_kinds(options_.weights));
  if (composition_.scene.duration < kShortestRepeating || !any(weights)) return;
  theme_ = {Theme::Form::kAgain, pick_kind(random, weights), {}};
  make_room();
  const bool moves = is_camera_move(theme_.kind);
  const double most = moves ? kMostTimes / 2 : kMostTimes;
  const double least = std::clamp(std::ceil(2 * minutes), 2.0, most);
  const double times =
      std::clamp(std::round(log_uniform(random, 2, 12) * minutes), least, std::clamp(12 * minutes, least, most));
  for (int i = 0; i < static_cast<int>(times); ++i) {
    picture_kinds_.push_back(theme_.kind);
    if (moves) picture_kinds_.push_back(opposite(theme_.kind));
  }
}

void Composer::choose_long(Random& random) {
  const double duration = composition_.scene.duration;
  const Weights weights = only(options_.weights, long_kinds(duration));
  if (!any(weights)) return;
  theme_ = {Theme::Form::kLong, pick_kind(random, weights), {0, duration}};
  enum : std::int64_t { kFromBefore, kToTheEnd, kFills };
  auto reach = random.integer(kFromBefore, kFills);
  // That a picture stands still or on its head shows by how it was before, or is later.
  if (theme_.kind == EventKind::kUpsideDown && reach == kFills) reach = random.integer(kFromBefore, kToTheEnd);
  if (theme_.kind == EventKind::kFreeze) reach = kToTheEnd;
  const double length = duration * random.uniform(0.52, 0.9);
  if (reach == kFromBefore) theme_.interval.stop = on_frame(length);
  if (reach == kToTheEnd) theme_.interval.start = on_frame(duration - length);
  make_room();
  picture_kinds_.push_back(theme_.kind);
}

/** What could be taken for the theme makes it doubtful. */
void Composer::make_room() {
  const EventKind theme = theme_.kind;
  std::erase_if(picture_kinds_, [&](EventKind kind) {
    return kind == theme || confusable(theme, Side::kNone, kind, Side::kNone) || (is_fade(theme) && is_fade(kind)) ||
           (is_camera_move(theme) && kind == opposite(theme));
  });
  if (theme_.form == Theme::Form::kAgain) picture_kinds_.resize(std::min(picture_kinds_.size(), kMostBesides));
}

bool Composer::is_again(EventKind kind) const noexcept {
  return theme_.form == Theme::Form::kAgain && (kind == theme_.kind || is_way_back(kind));
}

bool Composer::is_long(EventKind kind) const noexcept {
  return theme_.form == Theme::Form::kLong && kind == theme_.kind;
}

/** Or the picture would leave the scene after a few turns. */
bool Composer::is_way_back(EventKind kind) const noexcept {
  return theme_.form == Theme::Form::kAgain && is_camera_move(theme_.kind) && kind == opposite(theme_.kind);
}

Interval Composer::repeated_limits(EventKind kind) const noexcept {
  const double scale = std::min(composition_.scene.duration, options_.event_scale);
  const double shortest = std::max(0.02 * scale, 0.5);
  if (kind == EventKind::kCut) return {shortest, shortest};
  return {shortest, std::clamp(0.1 * scale, shortest, std::max(shortest, 8.0))};
}

/** Where there is room for what is not long. */
Interval Composer::window() const noexcept {
  const double duration = composition_.scene.duration;
  const Interval& taken = theme_.interval;
  if (theme_.form != Theme::Form::kLong) return {0, duration};
  if (taken.start > 0) return {0, taken.start};
  return {std::min(taken.stop, duration), duration};
}

double Composer::least_gap() const noexcept {
  const double share = 0.02 * composition_.scene.duration;
  if (theme_.form != Theme::Form::kAgain) return std::max(share, 0.5);
  // Rounding to frames takes some of it.
  return std::max(share, 1.0) + 2 / composition_.scene.fps;
}

/** The last one; what comes again and again after all others. */
void Composer::drop_block(std::vector<Block>& blocks) const {
  const auto besides = std::find_if(blocks.rbegin(), blocks.rend(), [&](const Block& block) {
    return std::none_of(block.begin(), block.end(), [&](const Part& part) { return is_again(part.kind); });
  });
  blocks.erase(besides == blocks.rend() ? blocks.end() - 1 : besides.base() - 1);
}

/** There and back. */
void Composer::alternate(std::vector<Block>& blocks) const {
  EventKind next = theme_.kind;
  for (Block& block : blocks) {
    if (!is_again(block.front().kind) || !is_camera_move(theme_.kind)) continue;
    block.front().kind = next;
    next = opposite(next);
  }
}

void Composer::add_long_event() {
  std::vector<Event>& events = composition_.scene.events;
  const auto place = theme_.interval.start > 0 ? events.end() : events.begin();
  events.insert(place, {theme_.kind, theme_.interval.start, theme_.interval.stop, -1, -1, Side::kNone});
}

/** It neither comes at the video's start nor goes at its end. */
void Composer::go_on_beyond(Fault& fault) const {
  if (fault.start <= 0) fault.start -= fault.ramp;
  if (fault.stop >= composition_.scene.duration) fault.stop += fault.ramp;
}

/** Edits that come again and again go to and fro between a few scenes. */
int Composer::other_backdrop(int shown) {
  const std::size_t count = composition_.look.backdrops.size();
  if (theme_.form != Theme::Form::kAgain || count < kSeveralBackdrops) return add_backdrop();
  const auto step = random_.integer(1, static_cast<std::int64_t>(count) - 1);
  return static_cast<int>((shown + step) % static_cast<std::int64_t>(count));
}

}  // namespace gvl::scenes
