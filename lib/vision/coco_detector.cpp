/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/coco_detector.hpp"

namespace gvl::vision {

DetectorLevel level_of(const at::Tensor& map, std::int64_t stride, double centre) {
  const at::Tensor places = map.flatten(2).transpose(1, 2).contiguous();
  return {stride, map.size(3), centre, places.narrow(2, 0, kCocoClasses).sigmoid(),
          places.narrow(2, kCocoClasses, places.size(2) - kCocoClasses)};
}

}  // namespace gvl::vision
