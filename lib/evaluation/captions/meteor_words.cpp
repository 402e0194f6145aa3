/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/meteor_words.hpp"

#include <glib.h>

#include <algorithm>
#include <set>

#include "evaluation/unicode.hpp"

// The normaliser is a row of regular expressions. Each of these functions does what one of them does: matches are found
// from left to right and do not overlap, so that of "a,,b" only the first comma is set apart.

namespace gvl::evaluation {
namespace {

using Text = std::u32string_view;

/** A dot of an ellipsis, which later steps leave alone: no character. */
constexpr char32_t kEllipsisDot = 0x110000;

bool is_in(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }
bool is_digit(char32_t c) { return is_in(c, U'0', U'9'); }
bool is_lower(char32_t c) { return is_in(c, U'a', U'z'); }

/** A letter of the normaliser: Latin or Cyrillic. */
bool is_letter(char32_t c) {
  return is_in(c, U'A', U'Z') || is_lower(c) || is_in(c, 0xc0, 0xd6) || is_in(c, 0xd8, 0xf6) || is_in(c, 0xf8, 0x17e) ||
         is_in(c, 0x400, 0x527) || is_in(c, 0xa640, 0xa66e) || is_in(c, 0xa67e, 0xa697) || is_in(c, 0x1d00, 0x1d7f);
}
bool is_letter_or_digit(char32_t c) { return is_letter(c) || is_digit(c); }
bool is_space(char32_t c) { return c == U' ' || is_in(c, 0x09, 0x0d); }
bool is_no_digit(char32_t c) { return !is_digit(c); }
bool is_no_letter(char32_t c) { return !is_letter(c); }

/** Everything else is a word of its own. */
bool is_set_apart(char32_t c) {
  return !is_letter_or_digit(c) && !is_space(c) && Text(U".'`,-\u2018\u2019").find(c) == Text::npos;
}

std::u32string with_symbols_apart(Text text) {
  std::u32string result;
  for (const char32_t c : text) {
    if (is_set_apart(c)) {
      result += {U' ', c, U' '};
    } else {
      result += c;
    }
  }
  return result;
}

std::u32string with_ellipses_apart(Text text) {
  std::u32string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find_first_not_of(U'.', i), text.size());
    if (end < i + 2) {
      result += text[i++];
      continue;
    }
    result += U' ';
    result.append(end - i, kEllipsisDot);
    result += U' ';
    i = end;
  }
  return result;
}

using Kind = bool (*)(char32_t);

/** With the character `mark` between two characters of these kinds replaced. */
std::u32string replaced_between(Text text, Kind before, char32_t mark, Kind after, Text by) {
  std::u32string result;
  for (std::size_t i = 0; i < text.size();) {
    result += text[i];
    if (i + 2 < text.size() && before(text[i]) && text[i + 1] == mark && after(text[i + 2])) {
      result += by;
      result += text[i + 2];
      i += 3;
    } else {
      ++i;
    }
  }
  return result;
}

std::u32string with_plain_quotes_and_dashes(std::u32string text) {
  for (char32_t& c : text) {
    if (Text(U"`\u2018\u2019").find(c) != Text::npos) c = U'\'';
  }
  for (const Text quote : {Text(U"\u201c"), Text(U"\u201d"), Text(U"''")}) text = replaced(text, quote, U" \" ");
  for (const Text dash : {Text(U"\u2013"), Text(U"--")}) text = replaced(text, dash, U"-");
  return text;
}

std::u32string with_contractions_apart(Text text) {
  const Kind is_other = [](char32_t c) { return !is_letter_or_digit(c); };
  std::u32string result = replaced_between(text, is_no_letter, U'\'', is_no_letter, U" ' ");
  result = replaced_between(result, is_other, U'\'', is_letter, U" ' ");
  result = replaced_between(result, is_letter, U'\'', is_no_letter, U" ' ");
  result = replaced_between(result, is_letter, U'\'', is_letter, U" '");
  return replaced_between(
      result, is_digit, U'\'', [](char32_t c) { return c == U's'; }, U" '");
}

std::vector<std::u32string> split(Text text) {
  std::vector<std::u32string> words;
  std::u32string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char32_t c : text) {
    if (is_space(c)) {
      end_word();
    } else {
      word += c;
    }
  }
  end_word();
  return words;
}

/** Whether a dot behind such a word is a part of it (Moses' list of nonbreaking prefixes). */
bool keeps_dot(Text word) {
  static const std::set<Text> kTitles{
      U"Adj",   U"Adm",  U"Adv",  U"Asst", U"Bart", U"Bldg", U"Brig", U"Bros", U"Capt", U"Cmdr",   U"Col",
      U"Comdr", U"Con",  U"Corp", U"Cpl",  U"DR",   U"Dr",   U"Drs",  U"Ens",  U"Gen",  U"Gov",    U"Hon",
      U"Hr",    U"Hosp", U"Insp", U"Lt",   U"MM",   U"MR",   U"MRS",  U"MS",   U"Maj",  U"Messrs", U"Mlle",
      U"Mme",   U"Mr",   U"Mrs",  U"Ms",   U"Msgr", U"Op",   U"Ord",  U"Pfc",  U"Ph",   U"Prof",   U"Pvt",
      U"Rep",   U"Reps", U"Res",  U"Rev",  U"Rt",   U"Sen",  U"Sens", U"Sfc",  U"Sgt",  U"Sr",     U"St",
      U"Supt",  U"Surg", U"v",    U"vs",   U"i.e",  U"rev",  U"e.g",  U"Nos",  U"Nr"};
  return (word.size() == 1 && is_in(word[0], U'A', U'Z')) || kTitles.contains(word);
}

/** The same, where a number follows. */
bool keeps_dot_before_number(Text word) { return word == U"No" || word == U"Art" || word == U"pp"; }

void add_word(const std::u32string& word, char32_t next, std::vector<std::u32string>& words) {
  if (word.size() < 2 || word.back() != U'.') return words.push_back(word);
  const Text stem = Text(word).substr(0, word.size() - 1);
  if (stem.find(U'.') != Text::npos && std::any_of(stem.begin(), stem.end(), is_letter)) {
    words.push_back(replaced(word, U".", U""));
  } else if (keeps_dot(stem) || is_lower(next) || (keeps_dot_before_number(stem) && is_digit(next))) {
    words.push_back(word);
  } else {
    words.emplace_back(stem);
    words.push_back(U".");
  }
}

}  // namespace

std::vector<std::u32string> meteor_words(std::string_view sentence) {
  std::u32string text = with_ellipses_apart(with_symbols_apart(U" " + decoded(sentence) + U" "));
  text = replaced_between(text, is_no_digit, U',', is_no_digit, U" , ");
  text = replaced_between(text, is_digit, U',', is_no_digit, U" , ");
  text = replaced_between(text, is_no_digit, U',', is_digit, U" , ");
  text = with_plain_quotes_and_dashes(std::move(text));
  const Kind is_word_or_dot = [](char32_t c) { return is_letter_or_digit(c) || c == U'.'; };
  text = with_contractions_apart(replaced_between(text, is_word_or_dot, U'-', is_letter_or_digit, U" "));
  const std::vector<std::u32string> pieces = split(text);
  std::vector<std::u32string> words;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    add_word(pieces[i], i + 1 < pieces.size() ? pieces[i + 1].front() : 0, words);
  }
  for (std::u32string& word : words) {
    std::replace(word.begin(), word.end(), kEllipsisDot, U'.');
    word = lowered(word);
  }
  // Other blanks than ASCII's were words until here.
  std::erase_if(words, [](const std::u32string& word) { return word.size() == 1 && g_unichar_isspace(word[0]); });
  return words;
}

// The words of resources/function/english.words, which METEOR's authors counted in news.
bool is_function_word(std::u32string_view word) {
  static const std::set<Text> kWords{
      U"the",   U",",      U".",      U"to",     U"of",    U"and",  U"a",     U"in",    U"that",  U"for",   U"\"",
      U"is",    U"on",     U"'s",     U"it",     U"with",  U"was",  U"as",    U"said",  U"at",    U"he",    U"by",
      U"be",    U"from",   U"have",   U"has",    U"are",   U"his",  U"but",   U"an",    U"this",  U"not",   U"i",
      U"will",  U"\u2019", U"they",   U")",      U"-rrb-", U"(",    U"-lrb-", U"who",   U"their", U"had",   U"we",
      U"which", U"were",   U"been",   U"more",   U"or",    U"s",    U"its",   U"would", U"about", U"new",   U"one",
      U"after", U"you",    U":",      U"also",   U"up",    U"when", U"there", U"than",  U"$",     U"all",   U"out",
      U"her",   U"people", U"she",    U"year",   U"two",   U"-",    U"can",   U"if",    U"last",  U"first", U"\u201c",
      U"over",  U"other",  U"\u201d", U"into",   U"some",  U"what", U"so",    U"--",    U"no",    U"time",  U"years",
      U"could", U"?",      U"'t",     U"\u2014", U"'"};
  return kWords.contains(word);
}

}  // namespace gvl::evaluation
