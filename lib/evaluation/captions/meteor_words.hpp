/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gvl::evaluation {

/**
 * The lower-case words that METEOR 1.5 makes of a sentence in UTF-8 with `-l en -norm`: Moses' tokens, with dashes and
 * dots in words taken apart ("well-worn" is two words, "U.S." is "us"), single and double quotes unified, contractions
 * split ("she'd" is "she", "'d") and punctuation kept. By edu.cmu.meteor.util.Normalizer. In time in proportion to the
 * sentence. Thread safe.
 */
std::vector<std::u32string> meteor_words(std::string_view sentence);

/** Whether METEOR 1.5 counts it among English's function words. */
bool is_function_word(std::u32string_view word);

}  // namespace gvl::evaluation
