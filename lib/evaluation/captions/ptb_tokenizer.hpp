/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

namespace gvl::evaluation {

/**
 * A caption (UTF-8) as published scorers of captions see it: the tokens of the Penn Treebank in lower case, with a
 * blank between them and without punctuation. "Two goats can't reach the hay." is "two goats ca n't reach the hay".
 *
 * By the rules of Stanford's PTBTokenizer of 2014 with -lowerCase, and the wrapper of coco-caption, which drops tokens
 * that are punctuation. As there, brackets stay as "-lrb-" and "-rrb-", "?!" and "a.m." stay, and lower-case British
 * spellings of common words become American ones ("grey" is "gray"). Rules for file names, telephone numbers and
 * surrogates of accented letters are not here. In time in proportion to the caption but for runs of one word of more
 * than a thousand characters. Thread safe.
 */
std::string ptb_tokenized(std::string_view caption);

/** With a blank for each character that is not in ASCII, as scorers of ActivityNet-Captions do it before. */
std::string without_non_ascii(std::string_view caption);

}  // namespace gvl::evaluation
