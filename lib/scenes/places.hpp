/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gvl::scenes {

/** What a known background shows, in words with an article; empty for others and for abstract patterns. */
std::string place_of(std::string_view name);
/** What any of them shows. */
std::vector<std::string> all_places();

}  // namespace gvl::scenes
