/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenes/clauses.hpp"
#include "scenes/random.hpp"
#include "scenes/scene.hpp"

/** English for events: many ways to ask for one, a few to report one. Everything here is thread safe. */
namespace gvl::scenes {

/** A set of event kinds. */
class KindSet {
 public:
  constexpr KindSet() = default;
  constexpr KindSet(std::initializer_list<EventKind> kinds) {
    for (const EventKind kind : kinds) insert(kind);
  }
  constexpr void insert(EventKind kind) { bits_ |= std::uint64_t{1} << static_cast<unsigned>(kind); }
  constexpr bool contains(EventKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1) != 0; }
  constexpr bool intersects(KindSet other) const { return (bits_ & other.bits_) != 0; }

 private:
  std::uint64_t bits_ = 0;
};

/** One way to describe a kind of event. */
struct Template {
  constexpr Template(const char* words, KindSet others = {}) : text(words), also(others) {}

  std::string_view text;  ///< clauses.hpp; {pic} is the picture, {x}, {y}, {from}, {out} what it is about
  KindSet also;           ///< kinds that these words, unlike the kind's other words, might be understood to mean
};

/** All words for one kind of event. */
struct KindPhrases {
  EventKind kind;
  Manner manner;
  std::vector<std::string_view> canonical;  ///< templates of reports, as clauses; the first is the usual one
  std::vector<Template> templates;
};

/** The table, in the order of the kinds. */
const std::vector<KindPhrases>& kind_phrases();

/** The words that stand for an object: "the cat", "a red thing", "something". */
struct Mention {
  std::string text = "something";
  bool plural = false;
};

/** What a description is about, as far as the kind of event has it. */
struct PhraseSubject {
  Mention x;
  Mention y;
  Side side = Side::kNone;    ///< kNone: words that name a side are not used
  bool long_lasting = false;  ///< it is neither brief nor sudden: no adverb says so
};

/** "from the left", "to the left": words with choices (clauses.hpp), none for Side::kNone. */
std::string_view words_for_entry(Side side);
std::string_view words_for_exit(Side side);

/** Whether the template of `kind` with this place in the table is one that training never sees (about 15 %). */
bool held_out(EventKind kind, std::size_t index);

/** A description and what must be known of it. */
struct Phrase {
  std::string text;
  bool has_side = false;  ///< it names the side
  std::size_t index = 0;  ///< of its template
};

/**
 * Draws a description of `kind`, without a capital or a final period, or nothing where no template fits. Templates that
 * could also mean one of `avoid` are not drawn. With `need_side`, only words that name the side are drawn.
 */
std::optional<Phrase> describe(EventKind kind, const PhraseSubject& subject, Random& random, Split split,
                               ClauseForm form = ClauseForm::kAny, KindSet avoid = {}, bool need_side = false);

/** Report number `index` (wraps around) of `kind`, a clause in the present: "a red object enters from the left". */
std::string canonical(EventKind kind, const PhraseSubject& subject, std::size_t index);
std::size_t canonical_count(EventKind kind);

/** `count` sample texts of every form, of the training split: what a tokenizer can be trained on. */
std::vector<std::string> corpus(std::uint64_t seed, std::size_t count);

}  // namespace gvl::scenes
