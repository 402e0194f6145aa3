/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string_view>
#include <vector>

#include "scenes/watch/things.hpp"

/** What things.hpp is made of. */
namespace gvl::scenes {

struct GeneralRow {
  std::vector<Noun> nouns;
  Gait gait;
  std::vector<std::string_view> surely;
  std::vector<std::string_view> arguably;
  bool hands = false;
};
const std::vector<GeneralRow>& general_rows();

/** Things of which one may be taken for another. */
const std::vector<std::vector<std::string_view>>& alike_groups();

}  // namespace gvl::scenes
