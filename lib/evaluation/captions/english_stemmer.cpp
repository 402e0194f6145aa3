/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/english_stemmer.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace gvl::evaluation {
namespace {

using Text = std::u32string_view;

constexpr Text kVowels = U"aeiouy";  // Y is a y that is none

bool is_vowel(char32_t c) { return kVowels.find(c) != Text::npos; }

/** A suffix and what stands in its place. */
using Rule = std::pair<Text, Text>;

class Stemmer {
 public:
  explicit Stemmer(Text word) : word_(word) {
    if (word_.front() == U'\'') word_.erase(0, 1);
    mark_consonants();
    find_regions();
  }

  std::u32string stem() {
    drop_possessive();
    drop_plural();
    if (is_whole_after_plural()) return word_;
    drop_past();
    y_to_i();
    replace_in_r1();
    shorten_in_r1();
    drop_in_r2();
    drop_last();
    std::replace(word_.begin(), word_.end(), U'Y', U'y');
    return word_;
  }

 private:
  /** A y at the start and behind a vowel is a consonant. */
  void mark_consonants() {
    for (std::size_t i = 0; i < word_.size(); ++i) {
      if (word_[i] == U'y' && (i == 0 || is_vowel(word_[i - 1]))) word_[i] = U'Y';
    }
  }

  /** Behind the first consonant that follows a vowel. */
  std::size_t region_from(std::size_t start) const {
    for (std::size_t i = start; i + 1 < word_.size(); ++i) {
      if (is_vowel(word_[i]) && !is_vowel(word_[i + 1])) return i + 2;
    }
    return word_.size();
  }

  void find_regions() {
    r1_ = region_from(0);
    for (const Text start : {U"gener", U"commun", U"arsen"}) {
      if (word_.starts_with(start)) r1_ = start.size();
    }
    r2_ = region_from(r1_);
  }

  bool ends(Text suffix) const { return word_.ends_with(suffix); }
  std::size_t before(Text suffix) const { return word_.size() - suffix.size(); }
  bool in_r1(Text suffix) const { return before(suffix) >= r1_; }
  bool in_r2(Text suffix) const { return before(suffix) >= r2_; }
  void cut(std::size_t letters) { word_.resize(word_.size() - letters); }
  bool has_vowel(std::size_t end) const { return std::any_of(word_.begin(), word_.begin() + end, is_vowel); }

  /** The longest of the suffixes that the word has; empty where it has none. */
  Text longest(std::span<const Text> suffixes) const {
    Text found;
    for (const Text suffix : suffixes) {
      if (ends(suffix) && suffix.size() > found.size()) found = suffix;
    }
    return found;
  }

  const Rule* longest(std::span<const Rule> rules) const {
    const Rule* found = nullptr;
    for (const Rule& rule : rules) {
      if (ends(rule.first) && (!found || rule.first.size() > found->first.size())) found = &rule;
    }
    return found;
  }

  void replace(const Rule& rule) {
    cut(rule.first.size());
    word_ += rule.second;
  }

  /** Whether what is before `end` ends with a short syllable. */
  bool is_short_syllable(std::size_t end) const {
    if (end < 2 || is_vowel(word_[end - 1]) || !is_vowel(word_[end - 2])) return false;
    if (end == 2) return true;
    return Text(U"wxY").find(word_[end - 1]) == Text::npos && !is_vowel(word_[end - 3]);
  }

  // Step 0.
  void drop_possessive() {
    static constexpr Text kSuffixes[] = {U"'s'", U"'s", U"'"};
    cut(longest(kSuffixes).size());
  }

  // Step 1a.
  void drop_plural() {
    static constexpr Text kSuffixes[] = {U"sses", U"ied", U"ies", U"us", U"ss", U"s"};
    const Text suffix = longest(kSuffixes);
    if (suffix == U"sses") cut(2);
    if (suffix == U"ied" || suffix == U"ies") cut(before(suffix) > 1 ? 2 : 1);
    if (suffix == U"s" && word_.size() > 2 && has_vowel(word_.size() - 2)) cut(1);
  }

  bool is_whole_after_plural() const {
    static const std::set<Text> kWords{U"inning",  U"outing",  U"canning", U"herring",
                                       U"earring", U"proceed", U"exceed",  U"succeed"};
    return kWords.contains(word_);
  }

  // Step 1b.
  void drop_past() {
    static constexpr Text kSuffixes[] = {U"eed", U"eedly", U"ed", U"edly", U"ing", U"ingly"};
    const Text suffix = longest(kSuffixes);
    if (suffix.empty()) return;
    if (suffix.starts_with(U"ee")) {
      if (in_r1(suffix)) cut(suffix.size() - 2);
      return;
    }
    if (!has_vowel(before(suffix))) return;
    cut(suffix.size());
    static constexpr Text kDoubles[] = {U"bb", U"dd", U"ff", U"gg", U"mm", U"nn", U"pp", U"rr", U"tt"};
    if (ends(U"at") || ends(U"bl") || ends(U"iz")) {
      word_ += U'e';
    } else if (!longest(kDoubles).empty()) {
      cut(1);
    } else if (word_.size() <= r1_ && is_short_syllable(word_.size())) {
      word_ += U'e';
    }
  }

  // Step 1c.
  void y_to_i() {
    const std::size_t size = word_.size();
    if (size > 2 && (word_[size - 1] == U'y' || word_[size - 1] == U'Y') && !is_vowel(word_[size - 2]))
      word_[size - 1] = U'i';
  }

  // Step 2.
  void replace_in_r1() {
    static constexpr Rule kRules[] = {
        {U"tional", U"tion"}, {U"enci", U"ence"},   {U"anci", U"ance"},   {U"abli", U"able"},   {U"entli", U"ent"},
        {U"izer", U"ize"},    {U"ization", U"ize"}, {U"ational", U"ate"}, {U"ation", U"ate"},   {U"ator", U"ate"},
        {U"alism", U"al"},    {U"aliti", U"al"},    {U"alli", U"al"},     {U"fulness", U"ful"}, {U"ousli", U"ous"},
        {U"ousness", U"ous"}, {U"iveness", U"ive"}, {U"iviti", U"ive"},   {U"biliti", U"ble"},  {U"bli", U"ble"},
        {U"ogi", U"og"},      {U"fulli", U"ful"},   {U"lessli", U"less"}, {U"li", U""}};
    const Rule* rule = longest(kRules);
    if (!rule || !in_r1(rule->first)) return;
    const std::size_t start = before(rule->first);
    const char32_t last = start > 0 ? word_[start - 1] : 0;
    if (rule->first == U"ogi" && last != U'l') return;
    if (rule->first == U"li" && Text(U"cdeghkmnrt").find(last) == Text::npos) return;
    replace(*rule);
  }

  // Step 3.
  void shorten_in_r1() {
    static constexpr Rule kRules[] = {{U"tional", U"tion"}, {U"ational", U"ate"}, {U"alize", U"al"},
                                      {U"icate", U"ic"},    {U"iciti", U"ic"},    {U"ical", U"ic"},
                                      {U"ful", U""},        {U"ness", U""},       {U"ative", U""}};
    const Rule* rule = longest(kRules);
    if (!rule || !in_r1(rule->first) || (rule->first == U"ative" && !in_r2(rule->first))) return;
    replace(*rule);
  }

  // Step 4.
  void drop_in_r2() {
    static constexpr Text kSuffixes[] = {U"al",   U"ance", U"ence", U"er",  U"ic",  U"able", U"ible", U"ant", U"ement",
                                         U"ment", U"ent",  U"ism",  U"ate", U"iti", U"ous",  U"ive",  U"ize", U"ion"};
    const Text suffix = longest(kSuffixes);
    if (suffix.empty() || !in_r2(suffix)) return;
    const std::size_t start = before(suffix);
    if (suffix == U"ion" && (start == 0 || (word_[start - 1] != U's' && word_[start - 1] != U't'))) return;
    cut(suffix.size());
  }

  // Step 5.
  void drop_last() {
    if (ends(U"e")) {
      const bool goes = in_r2(U"e") || (in_r1(U"e") && !is_short_syllable(word_.size() - 1));
      if (goes) cut(1);
    } else if (ends(U"ll") && in_r2(U"l")) {
      cut(1);
    }
  }

  std::u32string word_;
  std::size_t r1_ = 0, r2_ = 0;  // where the regions begin
};

}  // namespace

std::u32string english_stem(std::u32string_view word) {
  static const std::map<Text, Text> kExceptions{
      {U"skis", U"ski"},      {U"skies", U"sky"},    {U"dying", U"die"},  {U"lying", U"lie"},   {U"tying", U"tie"},
      {U"idly", U"idl"},      {U"gently", U"gentl"}, {U"ugly", U"ugli"},  {U"early", U"earli"}, {U"only", U"onli"},
      {U"singly", U"singl"},  {U"sky", U"sky"},      {U"news", U"news"},  {U"howe", U"howe"},   {U"atlas", U"atlas"},
      {U"cosmos", U"cosmos"}, {U"bias", U"bias"},    {U"andes", U"andes"}};
  const auto exception = kExceptions.find(word);
  if (exception != kExceptions.end()) return std::u32string(exception->second);
  if (word.size() < 3) return std::u32string(word);
  return Stemmer(word).stem();
}

}  // namespace gvl::evaluation
