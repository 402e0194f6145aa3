/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

namespace gvl::evaluation {

/** UTF-8 as characters. A byte that is no part of one is U+FFFD, and U+0000 stays. */
std::u32string decoded(std::string_view text);
/** Characters as UTF-8; what is none is left out. */
std::string encoded(std::u32string_view text);
/** In lower case, character by character: of the language's rules and of U+0130, which would become two, none apply. */
std::u32string lowered(std::u32string text);

/** With every `old` replaced, from left to right. `old` is not empty. */
std::u32string replaced(std::u32string_view text, std::u32string_view old, std::u32string_view by);

}  // namespace gvl::evaluation
