/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "text/thing_words.hpp"

namespace gvl::model {

/** What decides how well a picture shows what is sought. */
struct ThingScoring {
  /**
   * What is left of a score where nothing has the colour that is asked for, 0-1. Light and small boxes change what
   * colours are called: a colour alone decides nothing.
   */
  double without_colour = 0.7;
  /** A quarter of a box in a colour is as good as all of it: there is more than the thing in its box. */
  double colour_gain = 4;
};

/**
 * How well each picture of a window shows what is sought, 0-1: the least of what is sought, each as sure as the
 * detector is of its strongest place. `rows` [pictures * (objects + 1), D], float32 on the host: object_features.hpp.
 * `beside`: what is absent where `sought.alone`. All 0 where nothing is sought.
 */
std::vector<double> thing_scores(const at::Tensor& rows, std::int64_t objects, const text::SoughtThings& sought,
                                 const text::ThingNumbers& beside, const ThingScoring& scoring = {});

}  // namespace gvl::model
