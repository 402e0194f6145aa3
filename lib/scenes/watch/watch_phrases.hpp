/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenes/clauses.hpp"
#include "scenes/random.hpp"
#include "scenes/watch/query.hpp"

/** English for what things do in front of a camera. */
namespace gvl::scenes {

/**
 * All words for one kind of query, as templates (clauses.hpp). {x}, {y} are things, {ax} is {x} without "the", {xs}
 * things in the plural and {nx} some number of them as a subject, {n} the same elsewhere, {there} "there" before it,
 * {o} one without an article, {xo} {xs} elsewhere, {none} and {nones} none of them; {pic} is the picture, {go} and
 * {stand} how the thing moves or rests, {hand} who moves it; {from}, {out}, {way} and {at} name a side or place, and
 * stand in all templates, and only those, that are used where the query names one; {do}, {where}, {how}, {use}, {role}
 * and {strange} are free words (free_words.hpp).
 */
struct WatchPhrases {
  WatchKind kind;
  std::vector<std::string_view> canonical;  ///< clauses for reports; those that name a side come last
  std::vector<std::string_view> templates;  ///< the plainest first
};

/** The table, in the order of the kinds. */
const std::vector<WatchPhrases>& watch_phrases();

/** Whether the template of `kind` with this place in the table is one that training never sees. */
bool held_out(WatchKind kind, std::size_t index);

/**
 * A description of a query, without a capital or a final period; nothing where no template of the split fits. With
 * `bare_number`, kExactly may be said as "two cars".
 */
std::optional<std::string> describe(const WatchQuery& query, Random& random, Split split,
                                    ClauseForm form = ClauseForm::kAny, bool bare_number = false);

/** A clause in the present, in the usual words: "a red car comes in from the left". */
std::string report(const WatchQuery& query);

}  // namespace gvl::scenes
