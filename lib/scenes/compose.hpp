/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>

#include "scenes/assets.hpp"
#include "scenes/look.hpp"
#include "scenes/scene.hpp"

namespace gvl::scenes {

struct ComposeOptions {
  double shortest = 8, longest = 120;  ///< seconds; log-uniform between them
  int fewest_events = 1, most_events = 6;
  double event_scale = 120;  ///< seconds: in a longer video events are as long as in one of this duration
  /** How often each kind is drawn relative to the others; 0 never. A fade may bring a kBlack along. */
  std::array<double, kEventKinds> weights = filled(1);
  double without_objects = 0.45;  ///< share of videos of backgrounds alone
  double single_event = 0.15;     ///< share with one event among things that do nothing
  double without_events = 0.03;   ///< share where nothing happens
  double repeats = 0;             ///< share where one kind comes again and again; of 10 s at least
  double long_events = 0;         ///< share with an event of more than half of the video, up to its edge or to both
  int shortest_side = 144;        ///< of the frame, pixels; its shape is 4:3, 16:9 or 1:1

  static constexpr std::array<double, kEventKinds> filled(double weight) {
    std::array<double, kEventKinds> weights{};
    for (double& value : weights) value = weight;
    return weights;
  }
};

struct Composition {
  Scene scene;
  Look look;
};

/**
 * Invents a video. The same assets, seed and options give the same composition. Events start and stop on frames and
 * last at least max(4 % of the video, 0.5 s); cuts, appearing and disappearing max(3 %, 0.5 s). Signal and camera
 * events do not overlap; object events overlap camera moves, grayscale and events of other objects only. A kind (of
 * one object) happens at most once, but for one in a video that repeats: that comes 2 to 12 times a minute, at least
 * twice and at most 12 times, for at least max(2 %, 0.5 s), with a second or more between. Turns of the camera and
 * zooms alternate with their opposite then. Signal faults and shakes are long, and turns and zooms in videos of up to
 * 30 s. Frozen pictures only run to the end, and those that are upside down never fill a video: a still photograph or
 * another scene would look the same. Thread safe. Throws Error(kInvalidArgument) for options that cannot be met.
 */
Composition compose(const Assets& assets, std::uint64_t seed, const ComposeOptions& options);

}  // namespace gvl::scenes
