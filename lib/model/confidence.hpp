#pragma once

#include <cstdint>
#include <span>

namespace gvl::model {

/**
 * How sure a model is of an interval that it answered: the intersection over union that is to be expected between
 * [start, stop] and the truth, if the truth is distributed as the model thinks. `first` and `second` are the
 * probabilities of all temporal tokens 0 ... M where the interval's two tokens were chosen; what they lack to 1 was on
 * other tokens and counts as a miss. An interval of one token is taken as half a token either way. 0-1.
 */
double expected_iou(std::span<const float> first, std::span<const float> second, std::int64_t start, std::int64_t stop);

/** Two temporal tokens, start <= stop. */
struct TokenInterval {
  std::int64_t start = 0, stop = 0;
};

/**
 * The interval with the greatest expected_iou(): minimum Bayes risk where IoU is what counts. Of the probable tokens
 * only: 32 for either end.
 */
TokenInterval best_interval(std::span<const float> first, std::span<const float> second);

}  // namespace gvl::model
