/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>

namespace gvl::timeline {

/*
 * How sure a model is of what is said, 0-1: the whole way from its probabilities to the event that a user sees. Nothing
 * else computes a confidence, but for `interval` of a similarity model, which has no probabilities: span_search.hpp.
 *
 *   p          softmax of the language model's logits at temperature 1, whatever temperature tokens are drawn at
 *              (language::Generation)
 *   words      exp(mean of ln p(t)) over the tokens t of an answer, its end included: of an answer in words
 *   interval   (1 - p(absent)) * E[IoU]: of an interval that one window says
 *     absent     the token that says that what is asked for does not happen, in the place of the answer's first; only
 *                where a model was trained to say so
 *     E[IoU]     sum of p1(i) * p2(j) * IoU([start, stop], [min(i, j), max(i, j)]) over all temporal tokens i and j, p1
 *                and p2 where the answer's two were chosen: the overlap with the truth that is to be expected if the
 *                truth is distributed as the model thinks
 *              Of one of several moments p1 is that of a start near it, and p2 that of a stop before the next one
 *              begins: the model divides what it believes among them
 *   event      mean of `interval` over the windows that show the whole event; 0 for one that does not find it
 *   nothing    1 - the highest `interval`: of a window that names moments, none of which is sure enough; one that names
 *              none says so in `words`
 *
 * An event that is less sure than min-confidence is none (EventAssembler).
 */

/** Geometric mean probability of an answer's tokens. 0 for an answer without tokens. */
double words_confidence(std::span<const double> tokens);

/**
 * E[IoU] of [start, stop]. `first` and `second`: p1 and p2 of all temporal tokens 0 ... M; what they lack to 1 was on
 * other tokens and counts as a miss. An interval of one token is taken as half a token either way.
 */
double expected_iou(std::span<const float> first, std::span<const float> second, std::int64_t start, std::int64_t stop);

/** Of an interval that one window says. `absent`: p(absent). */
double interval_confidence(double absent, std::span<const float> first, std::span<const float> second,
                           std::int64_t start, std::int64_t stop);

/** Of what a window does not show. `intervals`: what it says nevertheless, at least one. */
double nothing_confidence(std::span<const double> intervals);

/** Of an event. `windows`: what each window that shows it says, at least one. */
double event_confidence(std::span<const double> windows);

}  // namespace gvl::timeline
