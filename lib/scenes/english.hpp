/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

#include "scenes/random.hpp"

/** Forms of English words and sentences. */
namespace gvl::scenes {

// Of verbs, from the base form.
std::string third_person(std::string_view verb);  ///< "stops"
std::string gerund(std::string_view verb);        ///< "stopping"
/** "stopped"; of some verbs the participle differs ("fell", "fallen"), of "be" the plural. */
std::string past(std::string_view verb, bool plural, bool participle);

/** Writes `text` as people do: capital or not, period or not. */
std::string as_typed(std::string text, Random& random);
std::string capitalised(std::string text);
/** With a capital and a final period. */
std::string sentence(std::string text);
/** "a" or "an" and the noun; nothing before plurals and masses. */
std::string with_article(std::string_view noun);
std::string without_article(const std::string& text);
bool is_plural(std::string_view noun);

}  // namespace gvl::scenes
