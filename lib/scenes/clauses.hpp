/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenes/random.hpp"

/**
 * English clauses made of templates. A template is a noun phrase, or a clause as "subject|verb in its base form and the
 * rest". "[a/b/c]" is a choice, "{name}" stands for a slot's words, and a first "#" says that the subject is plural.
 */
namespace gvl::scenes {

/** What "{name}" stands for: words that may hold choices and slots themselves. */
struct Slot {
  std::string_view name;
  std::string_view text;
  bool plural = false;  ///< as the subject of a clause it is in the plural
};

/** A template with its words chosen, taken apart. A noun phrase has no verb. */
struct Clause {
  std::string subject, verb, rest;
  bool plural = false;
};

/** Chooses among words at random; without random numbers the first ones. A slot that is not given is empty. */
Clause clause_of(std::string_view text, std::span<const Slot> slots, Random* random);

/** What goes with a description: which adverbs, and which frames a noun phrase can stand in. */
enum class Manner : std::uint8_t {
  kLasting,
  kSlow,
  kSudden,
  kObject,  ///< the noun phrase stands alone
  kPlain,   ///< no adverbs
};

/** How the words of a clause are ordered. */
enum class ClauseForm : std::uint8_t {
  kPresent,   ///< "the picture freezes"
  kQuestion,  ///< "does the picture freeze"
  kAny,       ///< any of them, and noun phrases
};

/** The words of a clause or noun phrase in a form; of kAny one drawn at random. */
std::string in_form(const Clause& clause, ClauseForm form, Manner manner, Random& random);

/** "the picture freezes" */
std::string present(const Clause& clause);

/** Which templates may be drawn. */
enum class Split : std::uint8_t { kTraining, kHeldOut };

/**
 * Which of `templates` training never sees: about 15 % of them, the same whatever their order, and none whose verb and
 * rest are those of `plain`, which training cannot do without.
 */
std::vector<bool> held_out_of(std::span<const std::string_view> templates, std::span<const std::string_view> plain,
                              std::span<const Slot> slots);

}  // namespace gvl::scenes
