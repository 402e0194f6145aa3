/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

namespace gvl::evaluation {

/**
 * A lower-case word with a British spelling in its American one: "colours" is "colors", "grey" is "gray". Of those that
 * Stanford's PTBTokenizer rewrites, the ones that are met in captions; words with a capital letter stay, as there.
 */
std::string american_spelling(std::string word);

}  // namespace gvl::evaluation
