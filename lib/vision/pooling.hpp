/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "gvl/config.hpp"

namespace gvl::vision {

/** uint8 [..., S, S, 3] -> [..., 3, S, S] of `type`: value / 255 less the mean, by the deviation (per channel). */
at::Tensor normalise(const at::Tensor& pixels, const VisionConfig& config, c10::ScalarType type);

/** The other way: [n, 3, S, S] as normalise() makes them -> the same in float32 and 0-1. */
at::Tensor denormalise(const at::Tensor& values, const VisionConfig& config);

/** Patch features [n, grid^2, D] -> pooled [n, P, D'] by the model's rule, as SpatialPooling says. */
at::Tensor pool_spatial(const at::Tensor& features, SpatialPooling pooling);

/** Patch features [n, frames * grid^2, D] -> [n, frames * side^2, D]: each frame's grid averaged to side x side. */
at::Tensor pool_temporal(const at::Tensor& features, std::int64_t frames, std::int64_t side);

}  // namespace gvl::vision
