/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>

namespace gvl::model {

/** Two temporal tokens, start <= stop. */
struct TokenInterval {
  std::int64_t start = 0, stop = 0;
};

/**
 * The interval with the greatest timeline::expected_iou(): minimum Bayes risk where IoU is what counts. Of the probable
 * tokens only: 32 for either end.
 */
TokenInterval best_interval(std::span<const float> first, std::span<const float> second);

}  // namespace gvl::model
