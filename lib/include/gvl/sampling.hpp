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

/**
 * Which of a segment's n samples is keyframe `which` of its `keyframes`, which divide n: the one behind the middle of
 * its share. The published models have one, sample n div 2.
 */
constexpr std::int64_t keyframe_of(std::int64_t samples_per_segment, std::int64_t keyframes = 1,
                                   std::int64_t which = 0) noexcept {
  const std::int64_t share = samples_per_segment / keyframes;
  return which * share + share / 2;
}

/** Whether sample `number` of a segment's is one of its keyframes. */
constexpr bool is_keyframe(std::int64_t number, std::int64_t samples_per_segment, std::int64_t keyframes) noexcept {
  const std::int64_t share = samples_per_segment / keyframes;
  return number % share == share / 2;
}

}  // namespace gvl
