/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

namespace gvl {

/** How answers are generated. */
struct GenerationOptions {
  std::int64_t max_new_tokens = 256;  ///< an answer ends here at the latest
  double temperature = 0;             ///< 0: greedy; above: sampled
  double top_p = 1;                   ///< sampling: the smallest set of tokens with this probability
  /** Grounding: the most moments of one answer; 1: as the model words it; 0: as measured for the model
   * (ModelConfig::max_moments). */
  std::int64_t max_moments = 0;
  std::uint64_t seed = 0;  ///< sampling: the same seed gives the same answer
};

}  // namespace gvl
