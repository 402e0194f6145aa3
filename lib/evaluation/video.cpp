/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/video.hpp"

#include <cmath>

namespace gvl::evaluation {

FrameRate FrameRate::of(double rate) {
  constexpr int kDenominator = 1001 * 1000;
  return {static_cast<int>(std::lround(rate * kDenominator)), kDenominator};
}

}  // namespace gvl::evaluation
