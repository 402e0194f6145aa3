/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "scenes/phrases.hpp"

namespace gvl::scenes {

/** The part of kind_phrases() for what objects do. */
std::vector<KindPhrases> object_phrases();

}  // namespace gvl::scenes
