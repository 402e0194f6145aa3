/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "scenes/phrases.hpp"
#include "scenes/random.hpp"
#include "scenes/watch/query.hpp"
#include "scenes/watch/things.hpp"

/** Names of the things that a query means. Without random numbers they are the usual ones, as in reports. */
namespace gvl::scenes {

/** "a person", "the red car", "somebody in blue", "scissors". */
Mention one_of(const Filter& filter, Random* random);
/** The same without an article: "person in blue". */
std::string noun_of(const Filter& filter, Random* random);
/** "a tall man with a hat": one_of() with words that no answer depends on (free_words.hpp). */
Mention one_looking(const Filter& filter, Random& random);
/** "people", "red cars". */
std::string many_of(const Filter& filter, Random* random);
/** "nobody", "no car". */
std::string none_of(const Filter& filter, Random* random);
/** "at least two cars"; with `exactly`, "just two cars", or "two cars" where `bare`. */
Mention number_of(const WatchQuery& query, bool bare, Random* random);

/** "gray" is as often "grey". */
std::string colour_word(const std::string& colour, Random* random);

/** "one", "two", ... "twelve". */
std::string number_word(int number);

/** Whose verbs fit. */
Gait gait_of(const Filter& filter);

}  // namespace gvl::scenes
