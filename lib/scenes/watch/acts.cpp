/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/acts.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace gvl::scenes {
namespace {

/** Width of the frame by its height. */
constexpr double kFrame = 16.0 / 9;

constexpr std::array<Ease, 5> kEases{Ease::kLinear, Ease::kLinear, Ease::kSmooth, Ease::kOut, Ease::kIn};

void go(Track& track, double seconds, const TrackedBox& box, Ease ease) {
  track.path.push_back({track.path.back().time + seconds, box, ease});
}

void wait(Track& track, double seconds) { go(track, seconds, track.path.back().box, Ease::kLinear); }

double end_of(const Track& track) { return track.path.back().time; }

double distance(const TrackedBox& a, const TrackedBox& b) { return std::hypot(a.x - b.x, (a.y - b.y) / kFrame); }

bool in_air(int thing) {
  const Gait gait = thing_at(thing).gait;
  return gait == Gait::kFlies || gait == Gait::kThrown;
}

TrackedBox scaled(TrackedBox box, double factor) {
  box.width *= factor;
  box.height *= factor;
  return box;
}

}  // namespace

std::string Director::colour_of(int thing) {
  const auto& colours = thing_at(thing).colours;
  if (colours.empty() || random_.chance(0.2)) return "";
  return std::string(random_.pick(colours));
}

double Director::crossing_time(int thing) {
  const double speed = std::max(thing_at(thing).speed, 0.08) * random_.uniform(0.6, 1.8);
  return std::clamp(1.2 / speed, 1.0, 18.0);
}

TrackedBox Director::size_of(int thing) {
  const Thing& kind = thing_at(thing);
  TrackedBox box;
  box.height = std::min(kind.height * scale_ * random_.uniform(0.8, 1.25), 0.92);
  box.width = box.height * kind.aspect * random_.uniform(0.9, 1.1) / kFrame;
  return box.width > 0.9 ? scaled(box, 0.9 / box.width) : box;
}

/** Somewhere in the frame, all of it. */
TrackedBox Director::place_of(int thing) {
  TrackedBox box = size_of(thing);
  const double margin = 0.02;
  box.x = random_.uniform(box.width / 2 + margin, 1 - box.width / 2 - margin);
  const double low = box.height / 2 + margin, high = 1 - box.height / 2 - margin;
  // What stands on the ground is seldom at the top.
  box.y = random_.uniform(in_air(thing) ? low : low + 0.4 * (high - low), high);
  return box;
}

Side Director::draw_side(int thing) {
  const double along = thing_at(thing).gait == Gait::kDrives ? 0.96 : 0.86;
  if (random_.chance(along)) return random_.chance(0.5) ? Side::kLeft : Side::kRight;
  return random_.chance(0.5) ? Side::kTop : Side::kBottom;
}

/** So far beyond a border that nothing of it is left. */
TrackedBox Director::outside(const TrackedBox& inside, Side side) const {
  constexpr double part = 0.52;
  TrackedBox box = inside;
  if (side == Side::kLeft) box.x = -part * box.width;
  if (side == Side::kRight) box.x = 1 + part * box.width;
  if (side == Side::kTop) box.y = -part * box.height;
  if (side == Side::kBottom) box.y = 1 + part * box.height;
  return box;
}

Track Director::clipped(Track track) const {
  track.start = std::max(track.start, 0.0);
  track.stop = std::min(track.stop, duration_);
  return track;
}

Track Director::cross(int thing, double start) {
  static constexpr std::array<Side, 5> opposite{Side::kNone, Side::kRight, Side::kLeft, Side::kBottom, Side::kTop};
  const Side from = draw_side(thing);
  const TrackedBox inside = place_of(thing);
  TrackedBox end = outside(inside, opposite[static_cast<std::size_t>(from)]);
  const double drift = random_.uniform(-0.08, 0.08);
  (from == Side::kLeft || from == Side::kRight ? end.y : end.x) += drift;
  Track track{thing, colour_of(thing), start, 0, {{start, outside(inside, from)}}};
  go(track, crossing_time(thing), end, random_.pick(kEases));
  track.stop = end_of(track);
  return clipped(std::move(track));
}

/** A place to go to from where it is: to a side, up or down, closer or away. */
TrackedBox Director::moved(const Track& track) {
  TrackedBox box = track.path.back().box;
  const double drawn = random_.uniform();
  const bool lively = in_air(track.thing) || thing_at(track.thing).gait == Gait::kCarried;
  if (drawn < 0.32 && thing_at(track.thing).gait != Gait::kCarried) {
    const double factor = random_.chance(0.5) ? random_.uniform(1.5, 2.4) : 1 / random_.uniform(1.5, 2.4);
    box = scaled(box, box.height * factor > 0.92 || box.width * factor > 0.9 ? 1 / factor : factor);
    return box;
  }
  const double half = box.width / 2, tall = box.height / 2;
  if (drawn < (lively ? 0.6 : 0.85)) {
    const double left = box.x - half, right = 1 - half - box.x;
    box.x += random_.uniform(0.5, 0.95) * (left > right ? -left : right);
  } else {
    const double up = box.y - tall, down = 1 - tall - box.y;
    box.y += random_.uniform(0.5, 0.95) * (up > down ? -up : down);
  }
  return box;
}

/** Rests and moves about until a time. */
void Director::wander(Track& track, double until) {
  const double speed = std::max(thing_at(track.thing).speed, 0.08);
  while (end_of(track) < until) {
    wait(track, std::min(random_.uniform(1.5, 7), until - end_of(track)));
    const TrackedBox next = moved(track);
    const double way = std::max(distance(next, track.path.back().box), 0.15);
    const double needed = std::max(way / (speed * random_.uniform(0.5, 1.3)), 0.8);
    if (end_of(track) + needed + 1 > until) break;
    go(track, needed, next, random_.pick(kEases));
  }
  if (end_of(track) < until) wait(track, until - end_of(track));
}

Track Director::visit(const Act& act) {
  const TrackedBox home = place_of(act.thing);
  const double speed = std::max(thing_at(act.thing).speed, 0.08) * random_.uniform(0.6, 1.5);
  const auto walk = [&](const TrackedBox& from, const TrackedBox& to) {
    return std::clamp(distance(from, to) / speed, 0.5, 8.0);
  };
  Track track{act.thing, colour_of(act.thing), act.start, act.stop, {}};
  if (act.in == Way::kBorder) {
    const TrackedBox away = outside(home, draw_side(act.thing));
    track.path.push_back({act.start, away});
    go(track, walk(away, home), home, random_.pick(kEases));
  } else {
    track.path.push_back({act.start, home});
  }
  const double way_out = act.out == Way::kBorder ? 0.5 * crossing_time(act.thing) : 0;
  const double leaving = std::max(act.stop - way_out, end_of(track));
  act.restless ? wander(track, leaving) : wait(track, leaving - end_of(track));
  if (act.out == Way::kBorder) {
    const TrackedBox last = track.path.back().box;
    const TrackedBox gone = outside(last, draw_side(act.thing));
    go(track, walk(last, gone), gone, random_.pick(kEases));
  }
  track.stop = std::max(end_of(track), act.start + 0.5);
  return clipped(std::move(track));
}

Track Director::rest(int thing, double start, double stop) {
  return clipped({thing, colour_of(thing), start, stop, {{start, place_of(thing)}}});
}

Track Director::follow(const Track& leader, int thing, double delay, double beside) {
  Track track = leader;
  track.thing = thing;
  track.colour = colour_of(thing);
  track.start = leader.path.front().time + delay;
  track.stop = leader.path.back().time + delay;
  const TrackedBox size = size_of(thing);
  const double factor = thing == leader.thing ? random_.uniform(0.9, 1.1) : 1;
  for (PathKey& key : track.path) {
    key.time += delay;
    const double bottom = key.box.bottom();
    const bool in_sight = part_in_frame(key.box) > 0;
    if (thing == leader.thing) {
      key.box = scaled(key.box, factor);
    } else {
      key.box.width = size.width;
      key.box.height = size.height;
    }
    key.box.y = bottom - key.box.height / 2;
    if (in_sight) key.box.x += beside;
    // A wider one has to come from, and go, further out.
    if (!in_sight && key.box.x < 0) key.box.x = std::min(key.box.x, -0.52 * key.box.width);
    if (!in_sight && key.box.x > 1) key.box.x = std::max(key.box.x, 1 + 0.52 * key.box.width);
  }
  return clipped(std::move(track));
}

Track Director::carry(const Track& person, int thing) {
  Track track = person;
  track.thing = thing;
  track.colour = colour_of(thing);
  const Thing& kind = thing_at(thing);
  const double part = std::clamp(kind.height / thing_at(kPerson).height, 0.15, 0.5);
  const double right = random_.uniform(-0.4, 0.4), down = random_.uniform(-0.3, 0.35);
  for (PathKey& key : track.path) {
    const TrackedBox body = key.box;
    key.box.height = part * body.height;
    key.box.width = std::min(key.box.height * kind.aspect / kFrame, 0.9);
    key.box.x = body.x + right * body.width;
    key.box.y = body.y + down * body.height;
  }
  return track;
}

/** A hand that reaches for `target` from a border at the time 0 after `reach` seconds, and goes `away` seconds later.
 */
Track Director::hand_at(const TrackedBox& target, double reach, double away) {
  static constexpr std::array<Side, 4> sides{Side::kLeft, Side::kRight, Side::kBottom, Side::kBottom};
  const Side side = random_.pick(sides);
  TrackedBox box;
  box.height = std::clamp(std::max(1.1 * target.height, 0.3), 0.2, 0.6);
  box.width = box.height * random_.uniform(0.6, 1) / kFrame;
  box.x = target.x;
  box.y = target.y;
  if (side == Side::kLeft) box.x -= (target.width + box.width) / 2 - 0.02;
  if (side == Side::kRight) box.x += (target.width + box.width) / 2 - 0.02;
  if (side == Side::kBottom) box.y += (target.height + box.height) / 2 - 0.03;
  const TrackedBox gone = outside(box, side);
  Track hand{kPerson, "", -reach, 0, {{-reach, gone}}};
  go(hand, reach, box, Ease::kLinear);
  wait(hand, away);
  go(hand, reach * random_.uniform(0.8, 1.3), gone, Ease::kLinear);
  hand.stop = end_of(hand);
  hand.hand = true;
  return hand;
}

/** A hand as hand_at() makes it, put where it puts down at `at`, or takes at `at`. */
Track Director::hand_of(const TrackedBox& target, double at, bool placing) {
  const double stays = random_.uniform(0.3, 1.2);
  Track hand = hand_at(target, random_.uniform(0.5, 1.6), stays);
  const double shift = placing ? at : at - stays;
  hand.start += shift;
  hand.stop += shift;
  for (PathKey& key : hand.path) key.time += shift;
  return hand;
}

/** Lets a thing come, or go, with the hand instead of being there at once. */
void Director::move_along(const Track& hand, bool placing, Track& thing) {
  const TrackedBox there = hand.path[1].box;
  const PathKey& away = placing ? hand.path.front() : hand.path.back();
  TrackedBox box = placing ? thing.path.front().box : thing.path.back().box;
  const TrackedBox inside = box;
  box.x += away.box.x - there.x;
  box.y += away.box.y - there.y;
  if (placing) {
    thing.path = {{away.time, box}, {hand.path[1].time, inside}};
    thing.start = away.time;
  } else {
    thing.path.push_back({hand.path[2].time, inside});
    thing.path.push_back({away.time, box});
    thing.stop = away.time;
  }
}

std::vector<Track> Director::handle(int thing, double start, double stop) {
  Track put{thing, colour_of(thing), start, stop, {{start, place_of(thing)}}};
  const TrackedBox target = put.path.front().box;
  std::vector<Track> tracks;
  for (const bool placing : {true, false}) {
    const double at = placing ? start : stop;
    if (at < 0 || at > duration_) continue;
    const Track hand = hand_of(target, at, placing);
    if (random_.chance(0.6)) move_along(hand, placing, put);
    tracks.push_back(clipped(hand));
  }
  tracks.push_back(clipped(std::move(put)));
  return tracks;
}

}  // namespace gvl::scenes
