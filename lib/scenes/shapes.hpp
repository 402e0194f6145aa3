/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "scenes/assets.hpp"

namespace gvl::scenes {

/** Plain figures as masks of 128 pixels a side. */
std::vector<Shape> draw_shapes();

/** Colours that people name alike. */
std::vector<NamedColour> shape_colours();

}  // namespace gvl::scenes
