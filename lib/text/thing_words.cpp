/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/thing_words.hpp"

#include <algorithm>
#include <utility>

#include "io/json.hpp"
#include "text/words.hpp"

namespace gvl::text {

/** Reads a things.json. */
class ThingWordsReader {
 public:
  explicit ThingWordsReader(const io::JsonValue& root) : root_(root) {}

  ThingWords read() {
    root_.allow_members({"things", "groups", "implied", "colours",  "numbers",         "ignored",  "other",
                         "none",   "nobody", "alone",   "handled",  "arrives",         "leaves",   "moves",
                         "in",     "into",   "out",     "articles", "ends_attributes", "recording"});
    read_named("things", words_.things_, words_.named_);
    read_named("colours", words_.colours_, words_.coloured_);
    read_groups("groups", words_.named_);
    read_groups("implied", words_.implied_);
    read_numbers();
    read_group(root_.object("nobody"), words_.nobody_);
    const io::JsonValue alone = root_.object("alone");
    words_.alone_ = words_in(alone, "words");
    words_.beside_ = things_in(alone.array("beside"));
    words_.other_ = words_in(root_, "other");
    const io::JsonValue handled = root_.object("handled");
    words_.puts_ = words_in(handled, "puts");
    words_.takes_ = words_in(handled, "takes");
    words_.handlers_ = things_in(handled.array("by"));
    words_.none_ = words_in(root_, "none");
    words_.arrives_ = words_in(root_, "arrives");
    words_.leaves_ = words_in(root_, "leaves");
    words_.moves_ = words_in(root_, "moves");
    words_.in_ = words_in(root_, "in");
    words_.into_ = words_in(root_, "into");
    words_.out_ = words_in(root_, "out");
    words_.articles_ = words_in(root_, "articles");
    words_.ends_attributes_ = words_in(root_, "ends_attributes");
    words_.recording_ = words_in(root_, "recording");
    words_.ignored_ = words_in(root_, "ignored");
    return std::move(words_);
  }

 private:
  /** A word or phrase, written as queries are read. */
  std::string phrase(const io::JsonValue& value) {
    const std::string text = value.as_string();
    const auto words = words_of(text);
    std::string joined;
    for (const std::string& word : words) joined += (joined.empty() ? "" : " ") + word;
    if (words.empty() || joined != text) throw value.error("is no word, nor words with single spaces, in lower case");
    words_.longest_ = std::max(words_.longest_, words.size());
    return joined;
  }

  ThingWords::Words words_in(const io::JsonValue& object, const std::string& member) {
    ThingWords::Words words;
    for (const io::JsonValue& word : object.array(member).elements()) words.insert(phrase(word));
    return words;
  }

  void read_named(const std::string& member, std::vector<std::string>& names,
                  ThingWords::Phrases<std::set<std::size_t>>& phrases) {
    for (const io::JsonValue& row : root_.array(member).elements()) {
      row.allow_members({"name", "words"});
      const std::string name = row.string("name");
      if (std::find(names.begin(), names.end(), name) != names.end()) throw row.at("name").error("is there twice");
      for (const std::string& word : words_in(row, "words")) phrases[word].insert(names.size());
      names.push_back(name);
    }
  }

  ThingNumbers things_in(const io::JsonValue& names) const {
    ThingNumbers things;
    for (const io::JsonValue& name : names.elements()) {
      const auto found = std::find(words_.things_.begin(), words_.things_.end(), name.as_string());
      if (found == words_.things_.end()) throw name.error("is the name of none of the things");
      things.insert(static_cast<std::size_t>(found - words_.things_.begin()));
    }
    return things;
  }

  void read_group(const io::JsonValue& row, ThingWords::Phrases<ThingNumbers>& phrases) {
    row.allow_members({"words", "things"});
    const ThingNumbers things = things_in(row.array("things"));
    if (things.empty()) throw row.at("things").error("is empty");
    for (const std::string& word : words_in(row, "words")) phrases[word].insert(things.begin(), things.end());
  }

  void read_groups(const std::string& member, ThingWords::Phrases<ThingNumbers>& phrases) {
    for (const io::JsonValue& row : root_.array(member).elements()) read_group(row, phrases);
  }

  void read_numbers() {
    constexpr std::int64_t kMost = 100;
    for (const io::JsonValue& row : root_.array("numbers").elements()) {
      row.allow_members({"number", "words"});
      const std::int64_t number = row.integer("number", 1, kMost);
      for (const std::string& word : words_in(row, "words")) words_.numbers_[word] = number;
    }
  }

  const io::JsonValue& root_;
  ThingWords words_;
};

namespace {

/** `word` and what it may be a form of, by English endings; itself first. */
std::vector<std::string> forms_of(const std::string& word) {
  std::vector<std::string> forms{word};
  const auto without = [&](std::string_view ending, std::string_view instead) {
    constexpr std::size_t kShortestStem = 2;
    if (!word.ends_with(ending) || word.size() < ending.size() + kShortestStem) return;
    forms.push_back(word.substr(0, word.size() - ending.size()).append(instead));
  };
  without("'s", "");
  without("s", "");
  without("es", "");
  without("ies", "y");
  for (const std::string_view ending : {"ing", "ed"}) {
    without(ending, "");
    without(ending, "e");
    // "running": the letter that was doubled goes, too.
    const std::size_t stem = word.size() - std::min(word.size(), ending.size());
    if (word.ends_with(ending) && stem > 3 && word[stem - 1] == word[stem - 2])
      forms.push_back(word.substr(0, stem - 1));
  }
  return forms;
}

}  // namespace

/** Reads one query, word by word. */
class QueryReader {
 public:
  QueryReader(const ThingWords& table, std::string_view query) : table_(table), words_(words_of(query)) {}

  SoughtThings read() {
    while (position_ < words_.size()) take();
    give_to_last();
    if (handled_) leave_out_handlers();
    if (alone_ && !sought_.mentions.empty()) sought_.alone = true;
    return std::move(sought_);
  }

  std::vector<std::string> unknown_words() const {
    std::vector<std::string> unknown;
    for (std::size_t position = 0; position < words_.size();) {
      const std::size_t known = length_known(position);
      const std::string& word = words_[position];
      if (known == 0 && std::find(unknown.begin(), unknown.end(), word) == unknown.end()) unknown.push_back(word);
      position += std::max<std::size_t>(known, 1);
    }
    return unknown;
  }

 private:
  std::string joined(std::size_t begin, std::size_t end) const {
    std::string text;
    for (std::size_t i = begin; i < end; ++i) text += (i == begin ? "" : " ") + words_[i];
    return text;
  }

  /** What bends: nouns at a phrase's end ("bus stops"), verbs at its beginning ("picks up"). */
  enum class Bends { kLast, kFirst };

  /** The phrase of `length` words at `position` as it stands, and with the word that bends in other forms. */
  std::vector<std::string> phrases_at(std::size_t position, std::size_t length, Bends bends) const {
    if (length == 1) return forms_of(words_[position]);
    std::vector<std::string> phrases;
    const std::size_t last = position + length - 1;
    for (const std::string& form : forms_of(words_[bends == Bends::kFirst ? position : last])) {
      phrases.push_back(bends == Bends::kFirst ? form + " " + joined(position + 1, last + 1)
                                               : joined(position, last) + " " + form);
    }
    return phrases;
  }

  /** Of the longest phrase at `position` that `table` has, its length in words and its entry; 0: none. */
  template <typename Table>
  std::pair<std::size_t, typename Table::const_iterator> longest(const Table& table, std::size_t position,
                                                                 Bends bends = Bends::kLast) const {
    for (std::size_t length = std::min(table_.longest_, words_.size() - position); length > 0; --length) {
      for (const std::string& phrase : phrases_at(position, length, bends)) {
        if (const auto found = table.find(phrase); found != table.end()) return {length, found};
      }
    }
    return {0, table.end()};
  }

  /** Words of the longest phrase at `position` that is in any list. */
  std::size_t length_known(std::size_t position) const {
    std::size_t length = 0;
    const auto look = [&](const auto& list, Bends bends = Bends::kLast) {
      length = std::max(length, longest(list, position, bends).first);
    };
    look(table_.named_), look(table_.implied_), look(table_.nobody_), look(table_.coloured_), look(table_.numbers_);
    for (const auto* words : {&table_.other_, &table_.none_, &table_.alone_, &table_.moves_, &table_.in_, &table_.into_,
                              &table_.out_, &table_.articles_, &table_.ends_attributes_, &table_.ignored_}) {
      look(*words);
    }
    for (const auto* verbs : {&table_.puts_, &table_.takes_, &table_.arrives_, &table_.leaves_}) {
      look(*verbs, Bends::kFirst);
    }
    return length;
  }

  std::size_t length_of(const ThingWords::Words& words) const { return longest(words, position_).first; }
  bool is_verb(const ThingWords::Words& verbs) const { return longest(verbs, position_, Bends::kFirst).first > 0; }

  /** Whether the word here is a colour: "orange" is one before a thing. */
  bool take_colour() {
    const auto [length, found] = longest(table_.coloured_, position_);
    if (length == 0) return false;
    const std::size_t next = position_ + length;
    const bool may_be_thing = longest(table_.named_, position_).first > 0;
    const bool is_said_of_thing = next < words_.size() && longest(table_.named_, next).first > 0;
    // "An orange"; but "a man in orange".
    const bool is_plural = found->first != words_[next - 1];
    if (may_be_thing && !is_said_of_thing && (is_plural || begins_thing(position_))) return false;
    colours_.insert(found->second.begin(), found->second.end());
    position_ = next;
    return true;
  }

  /** Whether nothing, an article or a number stands before a place. */
  bool begins_thing(std::size_t position) const {
    return position == 0 || table_.articles_.contains(words_[position - 1]) ||
           table_.numbers_.contains(words_[position - 1]);
  }

  void add(const ThingNumbers& things, bool none) {
    ThingMention mention{things, std::exchange(colours_, {}), std::exchange(count_, 1), none};
    for (ThingMention& known : sought_.mentions) {
      // "Two players shake hands": the hands are theirs.
      if (known.things != things || known.none != none) continue;
      if (!known.colours.empty() && !mention.colours.empty() && known.colours != mention.colours) continue;
      known.colours.insert(mention.colours.begin(), mention.colours.end());
      known.count = std::max(known.count, mention.count);
      return;
    }
    sought_.mentions.push_back(std::move(mention));
  }

  bool take_thing() {
    const auto [nobody_length, nobody] = longest(table_.nobody_, position_);
    if (nobody_length > 0) {
      add(nobody->second, true);
      position_ += nobody_length;
      return true;
    }
    const auto [length, named] = longest(table_.named_, position_);
    if (const std::size_t other = length_of(table_.other_); other > 0 && other >= length) {
      give_to_last();
      position_ += other;
      return true;
    }
    const auto [implied_length, implied] = longest(table_.implied_, position_);
    if (length == 0 && implied_length == 0) return false;
    if (length >= implied_length) add(named->second, std::exchange(none_, false));
    if (implied_length >= length) add(implied->second, false);
    position_ += std::max(length, implied_length);
    return true;
  }

  /** A colour or number that no thing follows is said of the thing before: "a man in black". */
  void give_to_last() {
    if (!sought_.mentions.empty()) {
      ThingMention& last = sought_.mentions.back();
      last.colours.insert(colours_.begin(), colours_.end());
    }
    colours_.clear();
    count_ = 1;
  }

  /** "Somebody puts a bag down" is about the bag. */
  void leave_out_handlers() {
    std::vector<ThingMention> rest;
    for (const ThingMention& mention : sought_.mentions) {
      const bool handles =
          std::includes(table_.handlers_.begin(), table_.handlers_.end(), mention.things.begin(), mention.things.end());
      if (!handles) rest.push_back(mention);
    }
    if (!rest.empty()) sought_.mentions = std::move(rest);
  }

  bool is_one_of(const ThingWords::Words& words, std::size_t position) const {
    return position < words_.size() && words.contains(words_[position]);
  }

  /** "comes in", "came running into the hall"; not "walks in the park". */
  void look_at_way() {
    const std::size_t length = length_of(table_.moves_);
    if (length == 0) return;
    std::size_t next = position_ + length;
    if (next < words_.size() && longest(table_.moves_, next).first > 0) ++next;
    const bool in = is_one_of(table_.in_, next) && !is_one_of(table_.articles_, next + 1);
    if (in || is_one_of(table_.into_, next)) sought_.phase = ThingPhase::kArrives;
    if (is_one_of(table_.out_, next)) sought_.phase = ThingPhase::kLeaves;
  }

  void take() {
    look_at_way();
    if (is_verb(table_.recording_) || length_of(table_.recording_) > 0) sought_.of_recording = true;
    if (take_colour() || take_thing()) return;
    if (const auto [length, number] = longest(table_.numbers_, position_); length > 0) {
      count_ = number->second;
      position_ += length;
      return;
    }
    if (const std::size_t length = length_of(table_.none_); length > 0) {
      none_ = true;
      position_ += length;
      return;
    }
    if (length_of(table_.alone_) > 0) alone_ = true;
    const bool puts = is_verb(table_.puts_), takes = is_verb(table_.takes_);
    handled_ = handled_ || puts || takes;
    if (puts || is_verb(table_.arrives_)) sought_.phase = ThingPhase::kArrives;
    if (takes || is_verb(table_.leaves_)) sought_.phase = ThingPhase::kLeaves;
    if (is_one_of(table_.ends_attributes_, position_)) give_to_last();
    ++position_;
  }

  const ThingWords& table_;
  std::vector<std::string> words_;
  std::size_t position_ = 0;
  SoughtThings sought_;
  std::set<std::size_t> colours_;  // of the next thing
  std::int64_t count_ = 1;
  bool none_ = false, alone_ = false, handled_ = false;
};

ThingWords ThingWords::load(const std::filesystem::path& file) {
  return ThingWordsReader(io::JsonValue::load(file, {.bytes = kMostBytes})).read();
}

SoughtThings ThingWords::read(std::string_view query) const { return QueryReader(*this, query).read(); }

std::vector<std::string> ThingWords::unknown_words(std::string_view query) const {
  return QueryReader(*this, query).unknown_words();
}

}  // namespace gvl::text
