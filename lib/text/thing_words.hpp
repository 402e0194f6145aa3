/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gvl::text {

/** Numbers of things in a table, in order, each once. */
using ThingNumbers = std::set<std::size_t>;

/** A thing that a query names. */
struct ThingMention {
  ThingNumbers things;            ///< classes that the word may mean: any of them
  std::set<std::size_t> colours;  ///< one of these; empty: any
  std::int64_t count = 1;         ///< so many, or more
  bool none = false;              ///< that there is none of them

  bool operator==(const ThingMention&) const = default;
};

/** When a query asks for its things. */
enum class ThingPhase : std::uint8_t {
  kPresent,  ///< while they are there
  kArrives,  ///< when they come
  kLeaves,   ///< when they go
};

/** What a query asks to be seen, as far as a table of words tells. */
struct SoughtThings {
  std::vector<ThingMention> mentions;  ///< all of them at a time; none: the query names nothing that is known
  bool alone = false;                  ///< and nothing that lives, beside them
  bool of_recording = false;           ///< it is about the camera or signal, whatever it names
  ThingPhase phase = ThingPhase::kPresent;
};

/**
 * What words mean to a model that knows things by their class: the file things.json of its folder, which people may
 * write. All members are needed; words are in lower case, as words_of() gives them, phrases with single spaces:
 *
 * - things: [{name, words}, ...] in the order of the detector's classes
 * - groups: [{words, things: [names]}, ...], words for any of several classes
 * - implied: the same; words that mean a thing besides what else they mean: "cyclist" is a person, and a bicycle is
 * there
 * - colours: [{name, words}, ...] in the order that colours have
 * - numbers: [{number, words}, ...]
 * - other: what names a thing and means none, "bus stop", "glasses"
 * - none: words before a thing that is not to be there; nobody: {words, things}, the same in a word
 * - alone: {words, beside}; nothing of the things `beside` is there but those that are named
 * - handled: {puts, takes, by}; verbs by which a thing arrives or leaves. Who does it (`by`) is not looked for
 * - arrives, leaves: verbs; and `moves` followed by one of `in`, `into` or `out`. Where one of `articles` follows `in`,
 * that is a place
 * - recording: words that make a query one about the camera or signal, "lens", though it names a thing: another model's
 * - ignored: words that say nothing of a thing, "is", "picture"
 * - ends_attributes: words behind which a colour or number belongs to what was named before
 *
 * Words are also found with English endings (s, es, ies, ing, ed). Immutable, and thread safe.
 */
class ThingWords {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

  /** Throws Error(kNotFound) or Error(kMalformed) that names the file and the member. */
  static ThingWords load(const std::filesystem::path& file);

  SoughtThings read(std::string_view query) const;
  /** Words of a query that are in none of the table's lists, each once, in order: they change nothing. */
  std::vector<std::string> unknown_words(std::string_view query) const;

  const std::vector<std::string>& things() const noexcept { return things_; }
  const std::vector<std::string>& colours() const noexcept { return colours_; }
  /** What is to be absent where a query says "alone". */
  const ThingNumbers& beside() const noexcept { return beside_; }

 private:
  friend class ThingWordsReader;
  friend class QueryReader;

  using Words = std::set<std::string, std::less<>>;
  template <typename Value>
  using Phrases = std::map<std::string, Value, std::less<>>;

  std::vector<std::string> things_, colours_;
  Phrases<ThingNumbers> named_, implied_, nobody_;
  Phrases<std::set<std::size_t>> coloured_;
  Phrases<std::int64_t> numbers_;
  ThingNumbers beside_, handlers_;
  Words puts_, takes_, other_, none_, alone_, arrives_, leaves_, moves_, in_, into_, out_, articles_, ends_attributes_,
      recording_, ignored_;
  std::size_t longest_ = 1;  // phrase, in words
};

}  // namespace gvl::text
