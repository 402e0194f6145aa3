/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

namespace gvl::evaluation {

/**
 * The stem of a lower-case English word by Porter's second algorithm ("Porter2"), as snowballstem.org defines it and
 * METEOR 1.5 uses it: without what Snowball changed after 2012. Words of one or two characters stay as they are.
 * `word` is in UTF-32: a letter beyond ASCII is one character, and no vowel. Thread safe.
 */
std::u32string english_stem(std::u32string_view word);

}  // namespace gvl::evaluation
