/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "scenes/random.hpp"
#include "scenes/scene.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watched_scene.hpp"

namespace gvl::scenes {

/** How a visit begins or ends. */
enum class Way : std::uint8_t {
  kInside,  ///< without crossing a border: it is there, or comes up
  kBorder,  ///< over a border of the frame
};

/** What a thing does, to be made a track of. */
struct Act {
  int thing = 0;
  double start = 0, stop = 0;  ///< may reach beyond the video
  Way in = Way::kBorder, out = Way::kBorder;
  bool restless = true;  ///< it moves about in between
};

/** Makes tracks of acts: all that is drawn at random about how things move. */
class Director {
 public:
  /** Draws from `random`, which has to outlive this. `scale` enlarges all things. */
  Director(Random& random, double duration, double scale) : random_(random), duration_(duration), scale_(scale) {}

  Track cross(int thing, double start);              ///< over the frame from one side to the opposite
  Track visit(const Act& act);                       ///< comes, is there for a while, and goes
  Track rest(int thing, double start, double stop);  ///< is there and does not move
  /** Others of `thing` beside `leader` or behind it, `delay` seconds later. */
  Track follow(const Track& leader, int thing, double delay, double beside);
  /** What a person has along. */
  Track carry(const Track& person, int thing);
  /** A thing that a hand puts down at `start` and takes away at `stop`, where these lie within the video. */
  std::vector<Track> handle(int thing, double start, double stop);

 private:
  std::string colour_of(int thing);
  double crossing_time(int thing);
  TrackedBox size_of(int thing);
  TrackedBox place_of(int thing);
  TrackedBox outside(const TrackedBox& inside, Side side) const;
  Side draw_side(int thing);
  void wander(Track& track, double until);
  TrackedBox moved(const Track& track);
  Track hand_of(const TrackedBox& target, double at, bool placing);
  void move_along(const Track& hand, bool placing, Track& thing);
  Track hand_at(const TrackedBox& target, double reach, double away);
  Track clipped(Track track) const;

  Random& random_;
  double duration_;
  double scale_;
};

}  // namespace gvl::scenes
