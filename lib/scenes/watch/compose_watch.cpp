/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/compose_watch.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/error.hpp"
#include "gvl/task.hpp"
#include "scenes/watch/acts.hpp"

namespace gvl::scenes {
namespace {

double log_uniform(Random& random, double low, double high) {
  return std::exp(random.uniform(std::log(low), std::log(high)));
}

double draw_duration(Random& random, const WatchOptions& options) {
  constexpr double kUsualFrom = 20, kUsualTo = 70;
  const double low = std::max(options.shortest, kUsualFrom), high = std::min(options.longest, kUsualTo);
  const bool usual = random.chance(0.7) && low < high;
  const double duration =
      usual ? log_uniform(random, low, high) : log_uniform(random, options.shortest, options.longest);
  return std::round(duration * 100) / 100;
}

/** The work of compose_watch(): one scene. */
class WatchComposer {
 public:
  WatchComposer(std::uint64_t seed, const WatchOptions& options)
      : options_(options),
        random_(seed),
        scene_{seed, draw_duration(random_, options), {}},
        setting_(static_cast<Setting>(random_.integer(0, kSettings - 1))),
        director_(random_, scene_.duration, log_uniform(random_, 0.55, 1.5)) {}

  WatchedScene compose() {
    const double drawn = random_.uniform();
    if (drawn >= options_.empty || random_.chance(0.6)) add_furniture();
    if (drawn >= options_.empty) {
      if (drawn < options_.empty + options_.repeats) {
        add_repeats();
        if (random_.chance(0.5)) add_act();
      } else {
        const bool single = drawn < options_.empty + options_.repeats + options_.single;
        const std::int64_t acts = single ? 1 : random_.integer(2, options_.most_acts);
        for (std::int64_t i = 0; i < acts; ++i) add_act();
      }
    }
    std::erase_if(scene_.tracks, [](const Track& track) { return track.stop - track.start < 0.3; });
    return std::move(scene_);
  }

 private:
  double duration() const { return scene_.duration; }
  void add(Track track) { scene_.tracks.push_back(std::move(track)); }

  void add_furniture() {
    const std::int64_t count = random_.integer(0, 4);
    for (std::int64_t i = 0; i < count; ++i) {
      const int thing = draw_thing(random_, setting_, [&](const Thing& one) {
        return one.gait == Gait::kStands || one.gait == Gait::kCarried || one.gait == Gait::kDrives;
      });
      if (thing != kPerson) add(director_.rest(thing, 0, duration()));
    }
  }

  /** When something is there: short or long, from before the video's start or beyond its end. */
  TimeRange draw_time() {
    const double length = random_.chance(0.15) ? random_.uniform(0.5, 2) : log_uniform(random_, 2, 1.3 * duration());
    const double start = random_.uniform(-0.3 * length, duration() - std::min(0.7 * length, 0.9 * duration()));
    return {start, start + length};
  }

  void add_act() {
    const int thing = draw_thing(random_, setting_, [](const Thing& one) { return one.gait != Gait::kStands; });
    const Gait gait = thing_at(thing).gait;
    if (gait == Gait::kCarried) return add_handled(thing);
    if (gait == Gait::kAlong) return add_along(thing);
    const double drawn = random_.uniform();
    if (drawn < 0.35) {
      add_crossing(thing, random_.uniform(-2, duration() - 1));
    } else if (drawn < 0.8) {
      add(director_.visit(draw_visit(thing)));
    } else {
      add_group(thing);
    }
  }

  Act draw_visit(int thing) {
    const TimeRange time = draw_time();
    Act act{thing, time.start, time.stop};
    if (time.start <= 0) act.in = Way::kInside;
    if (time.stop >= duration()) act.out = Way::kInside;
    if (random_.chance(0.12)) act.in = Way::kInside;
    if (random_.chance(0.12)) act.out = Way::kInside;
    act.restless = random_.chance(0.65);
    return act;
  }

  /** Sometimes with another behind it. */
  void add_crossing(int thing, double start) {
    const Track leader = director_.cross(thing, start);
    add(leader);
    if (!random_.chance(0.15)) return;
    const int other =
        random_.chance(0.5) ? thing : draw_thing(random_, setting_, [](const Thing& one) { return one.speed > 0; });
    add(director_.follow(leader, other, random_.uniform(1, 4), 0));
  }

  void add_group(int thing) {
    const bool crossing = random_.chance(0.5);
    const Track leader =
        crossing ? director_.cross(thing, random_.uniform(-2, duration() - 1)) : director_.visit(draw_visit(thing));
    add(leader);
    const std::int64_t others = random_.chance(0.6) ? 1 : random_.integer(2, 4);
    for (std::int64_t i = 0; i < others; ++i) {
      const double beside = random_.uniform(0.06, 0.3) * (random_.chance(0.5) ? 1 : -1);
      add(director_.follow(leader, thing, random_.uniform(0, 0.6), beside));
    }
  }

  void add_along(int thing) {
    const Track person = random_.chance(0.5) ? director_.cross(kPerson, random_.uniform(-2, duration() - 1))
                                             : director_.visit(draw_visit(kPerson));
    add(person);
    add(director_.carry(person, thing));
  }

  void add_handled(int thing) {
    const TimeRange time = draw_time();
    const double start = random_.chance(0.15) ? -1 : time.start;
    for (Track& track : director_.handle(thing, start, std::max(time.stop, time.start + 1.5))) add(std::move(track));
  }

  /** The same again and again, at most twelve times a minute. */
  void add_repeats() {
    const int thing = draw_thing(random_, setting_, [](const Thing& one) { return one.gait != Gait::kStands; });
    const Gait gait = thing_at(thing).gait;
    const double every = random_.uniform(5, 18);
    double time = random_.uniform(-1, every);
    while (time < duration() - 1) {
      const double most = every - 1.4;
      if (gait == Gait::kCarried) {
        const double stays = random_.uniform(1.5, std::max(most - 1.5, 1.6));
        for (Track& track : director_.handle(thing, time, time + stays)) add(std::move(track));
      } else if (random_.chance(0.75)) {
        const Track track = director_.cross(gait == Gait::kAlong ? kPerson : thing, time);
        if (gait == Gait::kAlong) add(director_.carry(track, thing));
        add(track);
        time = std::max(time, track.path.back().time - most);
      } else {
        const double stays = random_.uniform(std::min(1.0, most), most);
        add(director_.visit({thing, time, time + stays, Way::kInside, Way::kInside, random_.chance(0.3)}));
      }
      time += every * random_.uniform(0.9, 1.25);
    }
  }

  const WatchOptions& options_;
  Random random_;
  WatchedScene scene_;
  Setting setting_;
  Director director_;
};

/** The part of `shot` that lies within its duration, as what is seen from `start` on. */
void append(WatchedScene shot, double start, WatchedScene& scene) {
  for (Track& track : shot.tracks) {
    track.start = std::max(track.start, 0.0) + start;
    track.stop = std::min(track.stop, shot.duration) + start;
    for (PathKey& key : track.path) key.time += start;
    if (track.stop > track.start) scene.tracks.push_back(std::move(track));
  }
}

/** Shots one behind the other: everything changes at once. */
WatchedScene compose_shots(std::uint64_t seed, WatchOptions options, Random random) {
  constexpr double kShortest = 1.2;
  constexpr std::int64_t kFewest = 2, kMost = 5;
  WatchedScene scene{seed, draw_duration(random, options), {}};
  const auto most = std::clamp<std::int64_t>(static_cast<std::int64_t>(scene.duration / kShortest), 1, kMost);
  const auto shots = random.integer(std::min(kFewest, most), most);
  double start = 0;
  for (auto left = shots; left > 0; --left) {
    const double rest = scene.duration - start;
    const double spare = rest - static_cast<double>(left) * kShortest;
    const double length = left == 1 ? rest : kShortest + random.uniform(0, std::max(spare, 0.0));
    options.shortest = options.longest = length;
    append(WatchComposer(random.next(), options).compose(), start, scene);
    start += length;
  }
  return scene;
}

}  // namespace

WatchedScene compose_watch(std::uint64_t seed, const WatchOptions& options) {
  constexpr double kDay = 86400;
  if (!(options.shortest > 0) || !(options.longest >= options.shortest) || !(options.longest <= kDay)) {
    throw Error(ErrorCode::kInvalidArgument, "no watched scene can be composed: of more than 0 s to a day");
  }
  Random random = Random(seed).fork(0);
  if (random.chance(options.cuts)) return compose_shots(seed, options, random);
  return WatchComposer(seed, options).compose();
}

}  // namespace gvl::scenes
