/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenes/random.hpp"
#include "scenes/watch/query.hpp"

/**
 * What people say beside what a detector can see: how a thing looks, what it does, where. A query is meant as if these
 * words were not there. Texts with choices are for templates (clauses.hpp).
 */
namespace gvl::scenes {

/** What such things do where they are, as "verb rest": "sit at the window", "bark". {strange} is any other thing. */
std::string_view deed_words(const Filter& filter);

/** Where something is or goes, without any thing of things(): "by the fence". */
std::string_view surrounding_words();

/** How or at which time of day something is done: "slowly". */
std::string_view manner_words();

/** What one does with a thing, as "verb rest" before it: "ride", "drink from". Empty: nothing that is usual. */
std::string_view use_words(const Filter& user, const Filter& used);

/** What a person does who needs a thing, without naming it: "cycle past". Empty: nothing that is usual. */
std::string_view alone_words(const Filter& user, const Filter& used);

/** Who is named by what they use: "cyclist". Empty: nobody. */
std::string_view role_words(const Filter& used);

/** A noun of a filter with words for how it looks, without an article: "old racing car with a broken window". */
std::string looking(const std::string& noun, const Filter& filter, Random& random);

/** Nouns for what is in no class of things(), in the singular; never one of all_nouns(). */
const std::vector<std::string_view>& strange_nouns();

/** A word that there is not. */
std::string invented_noun(Random& random);

}  // namespace gvl::scenes
