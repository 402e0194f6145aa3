/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cmath>
#include <optional>

#include "scenes/watch/sight.hpp"
#include "scenes/watch/things.hpp"

namespace gvl::scenes {
namespace {

/** What is seen so soon after the video's start, or until so shortly before its end, may have been there before. */
constexpr double kSurelyLater = 0.5;
constexpr double kPerhapsLater = 0.1;

/** Coming and going last as long as it takes, within these limits. */
constexpr double kShortestCrossing = 1, kLongestCrossing = 4;

/** Longest that a hand stays at what it puts down or takes. */
constexpr double kLongestHandling = 8;
/** How long a thing has to be there without the hand. */
constexpr double kAlone = 0.8;

bool touch(const TrackedBox& a, const TrackedBox& b) {
  constexpr double kReach = 0.02;
  return std::abs(a.x - b.x) < (a.width + b.width) / 2 + kReach &&
         std::abs(a.y - b.y) < (a.height + b.height) / 2 + kReach;
}

bool touch_at(const Track& thing, const Track& hand, double time) {
  return hand.visible_at(time) && touch(thing.box_at(time), hand.box_at(time));
}

/** How long before (or after) `time` the two stay in touch, for as long as the hand is near. */
double touching(const Track& thing, const Track& hand, double time, double step) {
  double far = 0;
  while (std::abs(far) < kLongestHandling && touch_at(thing, hand, time + far + step)) far += step;
  return std::abs(far);
}

/** The handling of a visit's beginning or end by one hand. */
std::optional<Handling> handling_by(const Track& hand, const Track& thing, const Visit& visit, bool placed) {
  const TimeRange& seen = visit.seen[0];
  const double change = placed ? visit.seen[2].start : visit.seen[2].stop;
  const double inside = placed ? change + 0.1 : change - 0.1;
  if (!touch_at(thing, hand, inside)) return std::nullopt;
  constexpr double kFine = 0.05;
  const double before = touching(thing, hand, inside, -kFine), after = touching(thing, hand, inside, kFine);
  Handling handling{{inside - before, inside + after}, placed, false, &hand};
  // What came with the hand, or before it, is put down from when it can be seen.
  handling.when.start = std::max(handling.when.start, placed ? change - 1.5 : seen.start);
  handling.when.stop = std::min(handling.when.stop, placed ? seen.stop : change + 1.5);
  const double alone = placed ? seen.stop - handling.when.stop : handling.when.start - seen.start;
  handling.surely = alone >= kAlone && before < kLongestHandling && after < kLongestHandling;
  return handling;
}

}  // namespace

void Sight::find_visits(double duration) {
  const auto within = [](const Spans& spans, const TimeRange& range) {
    Spans result;
    for (const TimeRange& span : spans) {
      if (span.start < range.stop && span.stop > range.start) result.push_back(span);
    }
    return result;
  };
  for (const TimeRange& span : seen(Reading::kLenient)) {
    const Spans usual = within(seen(Reading::kUsual), span), strict = within(seen(Reading::kStrict), span);
    Visit visit;
    visit.sure = usual.size() == 1 && strict.size() == 1;
    visit.seen = {strict.empty() ? span : strict.front(), usual.empty() ? span : usual.front(), span};
    visit.in = crossing(visit, true, duration);
    visit.out = crossing(visit, false, duration);
    visits_.push_back(visit);
  }
}

Crossing Sight::crossing(const Visit& visit, bool in, double duration) const {
  const TimeRange& seen = visit.seen[2];
  const double away = in ? seen.start : duration - seen.stop;
  Crossing crossing;
  crossing.surely = visit.sure && away >= kSurelyLater;
  const Glimpse* whole = nullptr;
  const Glimpse* first = nullptr;
  const auto look = [&](const Glimpse& glimpse) {
    if (glimpse.time.start < seen.start - 1e-6 || glimpse.time.stop > seen.stop + 1e-6) return;
    if (!first) first = &glimpse;
    if (!whole && glimpse.part >= 0.95) whole = &glimpse;
  };
  in ? std::for_each(glimpses_.begin(), glimpses_.end(), look)
     : std::for_each(glimpses_.rbegin(), glimpses_.rend(), look);
  const bool partly = first && first->part < 0.9;
  crossing.arguably = away >= kPerhapsLater || partly;
  double lasts = kShortestCrossing;
  if (whole) lasts = in ? whole->time.start - seen.start : seen.stop - whole->time.stop;
  lasts = std::min(std::clamp(lasts, kShortestCrossing, kLongestCrossing), length(seen));
  crossing.when = in ? TimeRange{seen.start, seen.start + lasts} : TimeRange{seen.stop - lasts, seen.stop};
  if (partly) find_sides(visit, in, crossing);
  return crossing;
}

/** The borders over which it comes in or goes out: where it reaches beyond and moves across. */
void Sight::find_sides(const Visit& visit, bool in, Crossing& crossing) const {
  const TimeRange& seen = visit.seen[2];
  const double soon = std::min(0.5, length(seen) / 2);
  const double edge = in ? seen.start : seen.stop;
  const TrackedBox box = track_->box_at(edge), later = track_->box_at(in ? edge + soon : edge - soon);
  const double right = later.x - box.x, down = (later.y - box.y) * 0.6;
  const double way = std::hypot(right, down);
  if (way <= 0) return;
  const std::array<double, 5> inwards{0, right, -right, down, -down};
  const std::array<bool, 5> beyond{false, box.left() < 0, box.right() > 1, box.top() < 0, box.bottom() > 1};
  for (std::size_t i = 1; i < inwards.size(); ++i) {
    if (!beyond[i]) continue;
    if (inwards[i] > 0.25 * way) crossing.sides[i] = true;
    if (inwards[i] > 0.8 * way) crossing.side = static_cast<Side>(i);
  }
}

void Sight::watch_hands(const std::vector<Sight>& all) {
  for (const Visit& visit : visits_) {
    for (const bool placed : {true, false}) {
      const Crossing& crossing = placed ? visit.in : visit.out;
      if (!crossing.arguably) continue;
      for (const Sight& other : all) {
        if (other.track().thing != kPerson) continue;
        auto handling = handling_by(other.track(), *track_, visit, placed);
        if (!handling) continue;
        handling->surely = handling->surely && crossing.surely;
        handlings_.push_back(*handling);
      }
    }
  }
}

}  // namespace gvl::scenes
