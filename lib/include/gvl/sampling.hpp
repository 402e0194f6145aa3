/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <vector>

#include "gvl/export.hpp"

namespace gvl {

/**
 * Which of `total` frames a window's `samples` samples are: the middle frame of each of `samples` equal intervals,
 * in integer arithmetic; with fewer frames than samples, every frame and then the last one again. Both positive.
 * (The two-stream encoding of arXiv 2410.03290, as its published code computes it.)
 */
GVL_EXPORT std::vector<std::int64_t> sample_indices(std::int64_t samples, std::int64_t total);

/** One of sample_indices(), without the others: that of sample `i`, which is 0 ... samples - 1. */
GVL_EXPORT std::int64_t sample_index(std::int64_t i, std::int64_t samples, std::int64_t total);

/** Which of a segment's n samples is its keyframe: n div 2. */
constexpr std::int64_t keyframe_of(std::int64_t samples_per_segment) noexcept { return samples_per_segment / 2; }

}  // namespace gvl
