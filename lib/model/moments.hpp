/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gvl::model {

/** Where an answer's moments may begin: one of several separated places of its first temporal token's distribution. */
struct StartPeak {
  std::int64_t token = 0;  ///< the most probable
  std::int64_t low = 0;    ///< first and last token of the peak
  std::int64_t high = 0;
  double mass = 0;  ///< of all its tokens
};

/**
 * The peaks of the distribution over all temporal tokens 0 ... M, the highest first, at most `most`. A peak reaches
 * `radius` tokens either way: what begins nearer together is one. None has less than a quarter of the mass of the
 * highest, or less than a twentieth of all: what is flatter says nothing.
 */
std::vector<StartPeak> start_peaks(std::span<const float> first, std::int64_t radius, std::size_t most);

/** The distribution over the tokens from `low` to `high` alone, with a sum of 1; empty where they have next to nothing.
 */
std::vector<float> within(std::span<const float> all, std::int64_t low, std::int64_t high);

/** The last token that a moment which begins in `peak` can end with: the next one of `peaks` begins behind it. */
std::int64_t last_stop(const StartPeak& peak, std::span<const StartPeak> peaks, std::int64_t last);

}  // namespace gvl::model
