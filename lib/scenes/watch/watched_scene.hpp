/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenes/ease.hpp"

/** What everyday things do in front of a camera that stands still, without pictures. Times are seconds. */
namespace gvl::scenes {

/** Centre and size, parts of the frame's width and height; it may reach beyond the frame. */
struct TrackedBox {
  double x = 0.5, y = 0.5;
  double width = 0.1, height = 0.1;

  double left() const noexcept { return x - width / 2; }
  double right() const noexcept { return x + width / 2; }
  double top() const noexcept { return y - height / 2; }
  double bottom() const noexcept { return y + height / 2; }
};

/** The part of a box's area that lies in the frame, 0 ... 1. */
double part_in_frame(const TrackedBox& box) noexcept;

/** Where a thing is at a time. It moves there from the key before, at a speed that `ease` tells. */
struct PathKey {
  double time = 0;
  TrackedBox box;
  Ease ease = Ease::kLinear;
};

/** One thing from when it comes until it is gone. */
struct Track {
  int thing = 0;       ///< place in things()
  std::string colour;  ///< one of the eleven basic colours, or empty when people would not agree on one
  double start = 0;
  double stop = 0;            ///< it is nowhere before start and from stop on
  std::vector<PathKey> path;  ///< by time, at least one; before the first and after the last key it rests
  bool hand = false;          ///< of a person, only a hand that reaches into the picture

  /** Whether any of it can be seen. */
  bool visible_at(double time) const noexcept;
  TrackedBox box_at(double time) const noexcept;
};

struct WatchedScene {
  std::uint64_t seed = 0;
  double duration = 0;
  std::vector<Track> tracks;
};

}  // namespace gvl::scenes
