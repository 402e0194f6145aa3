/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/option_parsing.hpp"

#include <glib.h>

#include <algorithm>
#include <array>
#include <string>

#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

constexpr gunichar kNoCharacter = static_cast<gunichar>(-1);

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

/** The character at the start, kNoCharacter where there is none or where it is no UTF-8. */
gunichar first_character(std::string_view text) {
  if (text.empty()) return kNoCharacter;
  const gunichar found = g_utf8_get_char_validated(text.data(), static_cast<gssize>(text.size()));
  return found == static_cast<gunichar>(-2) ? kNoCharacter : found;
}

/** Where the last character begins. */
std::size_t last_begin(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return begin;
}

gunichar last_character(std::string_view text) {
  return text.empty() ? kNoCharacter : first_character(text.substr(last_begin(text)));
}

// What Python's str.isspace, isalpha and isdecimal say, and \w of its regular expressions.
bool is_space(gunichar c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}
bool is_alpha(gunichar c) { return c != kNoCharacter && g_unichar_isalpha(c); }
bool is_digit(gunichar c) { return c != kNoCharacter && g_unichar_isdigit(c); }
bool is_word(gunichar c) { return c == '_' || (c != kNoCharacter && g_unichar_isalnum(c)); }

/** As Python's strip() without arguments. */
std::string_view stripped(std::string_view text) {
  while (!text.empty() && is_space(first_character(text))) {
    text.remove_prefix(static_cast<std::size_t>(g_unichar_to_utf8(first_character(text), nullptr)));
  }
  while (!text.empty() && is_space(last_character(text))) text.remove_suffix(text.size() - last_begin(text));
  return text;
}

/** As Python's strip() of one character. */
std::string_view stripped(std::string_view text, char c) {
  while (!text.empty() && text.front() == c) text.remove_prefix(1);
  while (!text.empty() && text.back() == c) text.remove_suffix(1);
  return text;
}

std::string without(std::string_view text, char c) {
  std::string result(text);
  result.erase(std::remove(result.begin(), result.end(), c), result.end());
  return result;
}

std::string without(std::string_view text, std::string_view part) {
  std::string result;
  for (std::size_t found = text.find(part); found != text.npos; found = text.find(part)) {
    result += text.substr(0, found);
    text.remove_prefix(found + part.size());
  }
  return result += text;
}

/** The option of a small letter, none for another character. */
OptionSet option_of(char letter) {
  return is_small_letter(letter) ? OptionSet().set(static_cast<std::size_t>(letter - 'a')) : OptionSet();
}

OptionSet by_notebook(std::string_view answer) {
  const std::string word = lower(answer.substr(0, answer.find(' ')));
  const std::string bare = without(word, '.');
  OptionSet options;
  for (std::size_t i = 0; i < kMostOptions; ++i) {
    const std::string option{'(', static_cast<char>('a' + i), ')'};
    if (option.find(bare) != option.npos || word.find(option) != word.npos) options.set(i);
  }
  return options;
}

OptionSet by_notebook_with_prefix(std::string_view answer) {
  const std::string_view text = stripped(answer);
  return by_notebook("(" + std::string(text.substr(0, text.find('\n'))));
}

OptionSet by_timechat(std::string_view answer) {
  const std::size_t open = answer.find('(');
  if (open == answer.npos) return option_of('a');
  std::string_view inside = answer.substr(open + 1);
  inside = inside.substr(0, inside.find_first_of("()"));
  const std::string letter = without(inside, '.');
  return letter.size() == 1 ? option_of(lower(letter[0])) : OptionSet();
}

OptionSet by_etbench(std::string_view answer) {
  if (answer.empty())
    throw Error(ErrorCode::kMalformed, "is empty, where ETBench's infer_mvbench.py raises IndexError");
  return option_of(lower(answer.front()));
}

/** Of "B. a text" the "b", else 0: the script's ^([A-E])\.\s*(.+)$. */
char lettered(std::string_view text) {
  if (text.size() < 3 || text[1] != '.') return 0;
  const char letter = lower(text.front());
  if (letter < 'a' || letter > 'e') return 0;
  const std::string_view rest = stripped(text.substr(2));
  return rest.empty() || rest.find('\n') != rest.npos ? 0 : letter;
}

/** Whether a comma stands between two digits. */
bool has_thousands(std::string_view text) {
  for (std::size_t comma = text.find(','); comma != text.npos; comma = text.find(',', comma + 1)) {
    if (is_digit(last_character(text.substr(0, comma))) && is_digit(first_character(text.substr(comma + 1)))) {
      return true;
    }
  }
  return false;
}

/** The script's processPunctuation, whose re.UNICODE is taken for a number: at most 32 full stops are removed. */
std::string without_punctuation(const std::string& text) {
  constexpr std::string_view kMarks = ";/[]\"{}()=+\\_-><@`,?!";
  constexpr int kMostFullStops = 32;
  const bool thousands = has_thousands(text);
  std::string result = text;
  for (const char mark : kMarks) {
    const bool beside_blank =
        text.find(std::string{mark, ' '}) != text.npos || text.find(std::string{' ', mark}) != text.npos;
    if (beside_blank || thousands) {
      result = without(result, mark);
    } else {
      std::replace(result.begin(), result.end(), mark, ' ');
    }
  }
  std::string kept;
  int removed = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const bool is_stop = result[i] == '.' && !is_digit(first_character(std::string_view(result).substr(i + 1)));
    if (is_stop && removed < kMostFullStops) {
      ++removed;
    } else {
      kept += result[i];
    }
  }
  return kept;
}

/** The first of the letters a to e that is a word of its own, 0 if there is none. */
char lone_letter(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < 'a' || text[i] > 'e') continue;
    if (!is_word(last_character(text.substr(0, i))) && !is_word(first_character(text.substr(i + 1)))) return text[i];
  }
  return 0;
}

OptionSet by_lmms_mvbench(std::string_view answer) {
  if (const char letter = lettered(stripped(answer))) return option_of(letter);
  std::string text(answer);
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\t', ' ');
  text = without_punctuation(std::string(stripped(text)));
  std::string_view rest = text;
  for (const char quote : {'\'', '"', ')', '('}) rest = stripped(rest, quote);
  const std::string words = lower(stripped(rest));
  if (const char letter = lone_letter(words)) return option_of(letter);
  return words.size() == 1 ? option_of(words.front()) : OptionSet();
}

OptionSet by_videomme(std::string_view answer) {
  // The two long ones are the script's, which lacks commas.
  static constexpr std::array<std::string_view, 10> kPrefixes{"The best answer is",
                                                              "The correct answer is",
                                                              "The answer is",
                                                              "The answer",
                                                              "The best option is"
                                                              "The correct option is",
                                                              "Best answer:"
                                                              "Best option:",
                                                              "Answer:",
                                                              "Option:",
                                                              "The correct answer",
                                                              "The correct option"};
  std::string text(answer);
  for (const std::string_view prefix : kPrefixes) text = without(text, prefix);
  const std::size_t found = text.find_first_of("ABCD");
  return found == text.npos ? OptionSet() : option_of(lower(text[found]));
}

constexpr std::string_view kFourLetters = "ABCD";

/** The letter of `text` whose last "(A)", "A.", ... comes last, 0 where there is none. `marks`: "()", ".", ... */
char last_marked(std::string_view text, std::string_view before, std::string_view after) {
  char letter = 0;
  std::size_t last = 0;
  for (const char candidate : kFourLetters) {
    const std::size_t found = text.rfind(std::string(before) + candidate + std::string(after));
    if (found == text.npos || (letter && found < last)) continue;
    letter = candidate;
    last = found;
  }
  return letter;
}

/** Of each letter the first place behind the first of each phrase; the letter of the last of these places. */
char behind_phrase(std::string_view text) {
  static constexpr std::array kPhrases{"the answer is",
                                       "answer is",
                                       "the correct answer is",
                                       "correct answer is",
                                       "the best answer is",
                                       "best answer is",
                                       "the correct option is",
                                       "correct option is",
                                       "the best option is",
                                       "best option is",
                                       "the choice is",
                                       "choice is",
                                       "the correct choice is",
                                       "correct choice is",
                                       "i choose",
                                       "i select",
                                       "i pick",
                                       "my answer is",
                                       "my choice is",
                                       "옵션",
                                       "정답은",
                                       "답은",
                                       "답:",
                                       "答案是",
                                       "答案为",
                                       "选",
                                       "答えは"};
  const std::string small = lower(text);
  char letter = 0;
  std::size_t last = 0;
  for (const std::string_view phrase : kPhrases) {
    const std::size_t begin = small.find(phrase);
    if (begin == small.npos) continue;
    for (const char candidate : kFourLetters) {
      const std::size_t found = text.find(candidate, begin + phrase.size());
      if (found == text.npos || (letter && found < last)) continue;
      letter = candidate;
      last = found;
    }
  }
  return letter;
}

/** The letter that the text begins or ends with, if no letter is beside it; the beginning counts first. */
char at_an_end(std::string_view text) {
  if (text.empty()) return 0;
  if (kFourLetters.find(text.front()) != text.npos && !is_alpha(first_character(text.substr(1)))) return text.front();
  if (kFourLetters.find(text.back()) == text.npos) return 0;
  return is_alpha(last_character(text.substr(0, text.size() - 1))) ? 0 : text.back();
}

char lmms_letter(std::string_view answer) {
  std::string_view bare = stripped(answer);
  for (const char mark : {',', '.', '!', '?', ';', ':', '\'', '"'}) bare = stripped(bare, mark);
  const std::string text = " " + std::string(bare) + " ";
  if (const char letter = at_an_end(stripped(text))) return letter;
  if (const char letter = behind_phrase(text)) return letter;
  if (const char letter = last_marked(text, "(", ")")) return letter;
  for (const char* mark : {".", ":", ")", " ", ""}) {
    if (const char letter = last_marked(text, "", mark)) return letter;
  }
  return 0;
}

}  // namespace

OptionSet taken_options(std::string_view answer, OptionRule rule) {
  switch (rule) {
    case OptionRule::kNotebook:
      return by_notebook_with_prefix(answer);
    case OptionRule::kNotebookText:
      return by_notebook(answer);
    case OptionRule::kTimeChat:
      return by_timechat(answer);
    case OptionRule::kLmmsMvbench:
      return by_lmms_mvbench(answer);
    case OptionRule::kEtbench:
      return by_etbench(answer);
    case OptionRule::kVideoMme:
      return by_videomme(answer);
    case OptionRule::kLmmsVideoMme:
      return option_of(lower(lmms_letter(answer)));
  }
  throw Error(ErrorCode::kInvalidArgument, "there is no such rule for options");
}

}  // namespace gvl::evaluation
