/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

#include "scenes/watch/watched_scene.hpp"

namespace gvl::scenes {

struct WatchOptions {
  double shortest = 8, longest = 120;  ///< seconds; most scenes last 20 to 70, as far as that is between them
  double empty = 0.05;                 ///< share of scenes where nothing happens, with or without furniture
  double repeats = 0.2;                ///< share in which one class comes again and again
  double single = 0.2;                 ///< share in which just one thing happens
  int most_acts = 8;                   ///< of what happens otherwise
  double cuts = 0;                     ///< share of scenes that are edited of several shots
};

/**
 * Invents what happens in front of a camera. The same seed and options give the same scene. Thread safe. Throws
 * Error(kInvalidArgument) for lengths that are not positive, in the wrong order or over a day.
 */
WatchedScene compose_watch(std::uint64_t seed, const WatchOptions& options);

}  // namespace gvl::scenes
