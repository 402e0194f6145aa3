/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>

namespace gvl::timeline {

/** Samples first ... last of a window, in which something happens. */
struct FoundSpan {
  std::size_t first = 0;
  std::size_t last = 0;
  double confidence = 0;  ///< 0-1

  bool operator==(const FoundSpan&) const = default;
};

}  // namespace gvl::timeline
