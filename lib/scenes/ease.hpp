/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <cstdint>

namespace gvl::scenes {

/** Speed over a movement. All of them move from the first moment to the last, so that labels are exact. */
enum class Ease : std::uint8_t { kLinear, kSmooth, kOut, kIn };

/** Maps 0 ... 1 to 0 ... 1. */
inline double eased(Ease ease, double u) noexcept {
  u = std::clamp(u, 0.0, 1.0);
  switch (ease) {
    case Ease::kSmooth:
      return 0.4 * u + 0.6 * u * u * (3 - 2 * u);
    case Ease::kOut:
      return u + 0.5 * u * (1 - u);
    case Ease::kIn:
      return u - 0.5 * u * (1 - u);
    case Ease::kLinear:
      break;
  }
  return u;
}

}  // namespace gvl::scenes
