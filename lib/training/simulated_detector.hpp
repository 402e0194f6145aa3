/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "gvl/config.hpp"
#include "scenes/watch/watched_scene.hpp"

namespace gvl::training {

/**
 * What a detector would say of a watched scene's keyframes, without a picture of it: features as vision::NanoDetEncoder
 * makes them, [segments, keyframes * (objects + 1), D]. Things are missed, doubled, taken for others and seen where
 * they are not, about as often as the detector does that on real footage; how well it sees a thing stays alike while it
 * sees it. The same seed gives the same features. `model` has a detector as spatial encoder. Thread safe.
 */
at::Tensor simulate_detector(const scenes::WatchedScene& scene, std::uint64_t seed, const ModelConfig& model);

}  // namespace gvl::training
