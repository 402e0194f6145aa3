/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/cancellation.hpp"

namespace gvl::vision {

/** Classes of thing that COCO names. */
inline constexpr std::int64_t kCocoClasses = 80;

/** What a detector says of the places of one of its grids, row by row. */
struct DetectorLevel {
  std::int64_t stride = 0;  ///< pixels from place to place
  std::int64_t across = 0;  ///< places in a row
  double centre = 0;        ///< what lies before the first place, in strides
  at::Tensor scores;        ///< [n, places, kCocoClasses], 0-1
  /** [n, places, 4 * bins]: left, top, right, bottom, each logits of 0, 1, 2 ... strides (Li et al. 2020, GFL). */
  at::Tensor sides;
};

/** A network that finds things of COCO's classes in pictures. Immutable and thread safe. */
class CocoDetector {
 public:
  /** Its pictures' side is a multiple of it. */
  static constexpr std::int64_t kSideMultiple = 32;

  virtual ~CocoDetector() = default;

  /**
   * Normalised pictures [n, 3, S, S] -> its levels, from fine to coarse. Throws Error(kCancelled) between two layers.
   */
  virtual std::vector<DetectorLevel> forward(const at::Tensor& pictures, const Cancellation& cancellation) const = 0;
};

/** The level of a map [n, kCocoClasses + 4 * bins, height, width], scores as logits. */
DetectorLevel level_of(const at::Tensor& map, std::int64_t stride, double centre);

}  // namespace gvl::vision
