/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/answer_windows.hpp"

#include <glib.h>

#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>

#include "evaluation/unicode.hpp"
#include "gvl/error.hpp"

// The scripts use regular expressions. What follows finds the same matches by hand: each `..._end()` is the only end
// that an expression can have at a position once its greedy parts gave back what they must.

namespace gvl::evaluation {
namespace {

using Text = std::u32string_view;
constexpr std::size_t kNone = Text::npos;

bool is_digit_at(Text s, std::size_t i) { return i < s.size() && g_unichar_isdigit(s[i]); }
bool is_word_at(Text s, std::size_t i) { return i < s.size() && (s[i] == U'_' || g_unichar_isalnum(s[i])); }
bool is_word_before(Text s, std::size_t i) { return i > 0 && is_word_at(s, i - 1); }
bool is_at(Text s, std::size_t i, char32_t c) { return i < s.size() && s[i] == c; }

/** Python's white space. */
bool is_space_at(Text s, std::size_t i) {
  if (i >= s.size()) return false;
  return g_unichar_isspace(s[i]) || s[i] == 0x0b || s[i] == 0x85 || (s[i] >= 0x1c && s[i] <= 0x1f);
}

std::size_t digits_end(Text s, std::size_t i) {
  while (is_digit_at(s, i)) ++i;
  return i;
}

std::size_t spaces_end(Text s, std::size_t i) {
  while (is_space_at(s, i)) ++i;
  return i;
}

/** Of digits with at most one dot; infinite beyond a double. */
double value_of(Text number) {
  std::string ascii;
  for (const char32_t c : number) ascii += c == U'.' ? '.' : static_cast<char>('0' + g_unichar_digit_value(c));
  const std::string_view whole = std::string_view(ascii).substr(0, ascii.find('.'));
  if (ascii.size() - whole.size() > 1 && ascii[whole.size() + 1] == '.') {
    throw Error(ErrorCode::kMalformed, "a time of the answer has more than one dot, where the script raises");
  }
  double value = 0;
  if (std::from_chars(ascii.data(), ascii.data() + ascii.size(), value).ec == std::errc{}) return value;
  const bool is_large = whole.find_first_not_of('0') != whole.npos;
  return is_large ? std::numeric_limits<double>::infinity() : 0;
}

// Numbers.

/** Digits, dots, digits. */
std::size_t dotted_end(Text s, std::size_t i) {
  i = digits_end(s, i);
  while (is_at(s, i, U'.')) ++i;
  return digits_end(s, i);
}

/** Digits, perhaps a dot, perhaps digits. */
std::size_t loose_end(Text s, std::size_t i) {
  i = digits_end(s, i);
  return is_at(s, i, U'.') ? digits_end(s, i + 1) : i;
}

/** Digits, perhaps a dot and digits. */
std::size_t strict_end(Text s, std::size_t i) {
  i = digits_end(s, i);
  return is_at(s, i, U'.') && is_digit_at(s, i + 1) ? digits_end(s, i + 1) : i;
}

/** strict_end(), up to a word's border: of "1.5s" the 1. */
std::size_t strict_word_end(Text s, std::size_t i) {
  const std::size_t end = strict_end(s, i);
  if (!is_word_at(s, end)) return end;
  const std::size_t whole = digits_end(s, i);
  return is_word_at(s, whole) ? kNone : whole;
}

/** loose_end(), up to a word's border: of "17.85s" the "17.", as a border is between dot and 8. */
std::size_t loose_word_end(Text s, std::size_t i) {
  const std::size_t whole = digits_end(s, i);
  if (!is_at(s, whole, U'.')) return is_word_at(s, whole) ? kNone : whole;
  const std::size_t end = digits_end(s, whole + 1);
  if (end > whole + 1 && !is_word_at(s, end)) return end;
  return is_word_at(s, whole + 1) ? whole + 1 : whole;
}

/** A colon and two digits. */
std::size_t colon_end(Text s, std::size_t i) {
  return i != kNone && is_at(s, i, U':') && is_digit_at(s, i + 1) && is_digit_at(s, i + 2) ? i + 3 : kNone;
}

/** "M:SS" or "H:MM:SS" up to a word's border, which `border` looks for from the last two digits. */
template <typename Border>
std::size_t clock_end(Text s, std::size_t i, Border border) {
  const std::size_t first = digits_end(s, i);
  const std::size_t second = first - i > 2 ? kNone : colon_end(s, first);
  const std::size_t third = colon_end(s, second);
  const std::size_t end = third == kNone ? kNone : border(third);
  if (end != kNone || second == kNone) return end;
  return border(second);
}

std::size_t whole_clock_end(Text s, std::size_t i) {
  return clock_end(s, i, [&](std::size_t end) { return is_word_at(s, end) ? kNone : end; });
}

/** Seconds may have a fraction. */
std::size_t fine_clock_end(Text s, std::size_t i) {
  return clock_end(s, i, [&](std::size_t end) { return is_digit_at(s, end) ? kNone : strict_word_end(s, end); });
}

double clock_value(Text clock) {
  double seconds = 0;
  for (std::size_t from = 0, colon = 0; colon != kNone; from = colon + 1) {
    colon = clock.find(U':', from);
    seconds = 60 * seconds + value_of(clock.substr(from, colon - from));
  }
  return seconds;
}

// What is between two numbers; kNone if it is not there.

std::size_t dash_end(Text s, std::size_t i) {
  i = spaces_end(s, i);
  return is_at(s, i, U'-') ? spaces_end(s, i + 1) : kNone;
}

std::size_t any_dash_end(Text s, std::size_t i) {
  i = spaces_end(s, i);
  return is_at(s, i, U'-') || is_at(s, i, U'\u2013') ? spaces_end(s, i + 1) : kNone;
}

/** Perhaps an "s" before the dash. */
std::size_t unit_dash_end(Text s, std::size_t i) {
  i = spaces_end(s, i);
  return any_dash_end(s, is_at(s, i, U's') ? i + 1 : i);
}

std::size_t to_end(Text s, std::size_t i) {
  const std::size_t word = spaces_end(s, i);
  const std::size_t end = word + 2;
  return word > i && s.substr(word, 2) == U"to" && is_space_at(s, end) ? spaces_end(s, end) : kNone;
}

using End = std::size_t (*)(Text, std::size_t);

/** All "NUMBER SEPARATOR NUMBER". Where there is none at a digit there is none at the digits that follow it. */
std::vector<Interval> joined_numbers(Text s, End number_end, End separator_end) {
  std::vector<Interval> found;
  for (std::size_t i = 0; i < s.size();) {
    if (!is_digit_at(s, i)) {
      ++i;
      continue;
    }
    const std::size_t first_end = number_end(s, i);
    const std::size_t second = separator_end(s, first_end);
    if (!is_digit_at(s, second)) {
      i = digits_end(s, i);
      continue;
    }
    const std::size_t end = number_end(s, second);
    found.push_back({value_of(s.substr(i, first_end - i)), value_of(s.substr(second, end - second))});
    i = end;
  }
  return found;
}

/** All matches of `end_of` that begin at a word's border with a digit, at most `most`. */
std::vector<Text> words_with(Text s, End end_of, std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::vector<Text> found;
  for (std::size_t i = 0; i < s.size() && found.size() < most;) {
    if (!is_digit_at(s, i) || is_word_before(s, i)) {
      ++i;
      continue;
    }
    const std::size_t end = end_of(s, i);
    if (end != kNone) found.push_back(s.substr(i, end - i));
    i = end == kNone ? digits_end(s, i) : end;
  }
  return found;
}

/** The first "CLOCK - CLOCK". */
std::vector<Interval> joined_clocks(Text s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (!is_digit_at(s, i) || is_word_before(s, i)) continue;
    const std::size_t first_end = whole_clock_end(s, i);
    const std::size_t second = first_end == kNone ? kNone : any_dash_end(s, first_end);
    const std::size_t end = is_digit_at(s, second) ? whole_clock_end(s, second) : kNone;
    if (end == kNone) continue;
    return {{clock_value(s.substr(i, first_end - i)), clock_value(s.substr(second, end - second))}};
  }
  return {};
}

/** The first with the second, the third with the fourth; what is left over is left out. */
std::vector<Interval> paired(const std::vector<double>& times) {
  std::vector<Interval> pairs;
  for (std::size_t i = 0; i + 1 < times.size(); i += 2) pairs.push_back({times[i], times[i + 1]});
  return pairs;
}

std::vector<Text> sentences_of(Text text) {
  std::vector<Text> sentences;
  for (std::size_t from = 0, end = 0; end != kNone; from = end + 1) {
    end = text.find_first_of(U"!?\n", from);
    sentences.push_back(text.substr(from, end - from));
  }
  return sentences;
}

/** Those that speak of a start, an end or that something happens; the scripts' further keywords contain these. */
std::vector<Text> telling(const std::vector<Text>& sentences) {
  std::vector<Text> found;
  for (const Text sentence : sentences) {
    const auto has = [&](Text word) { return sentence.find(word) != kNone; };
    if (has(U"start") || has(U"end") || has(U"happen")) found.push_back(sentence);
  }
  return found;
}

/** Pairs of the first number of each sentence that has one. */
std::vector<Interval> pairs_of_first_numbers(const std::vector<Text>& sentences) {
  std::vector<double> times;
  for (const Text sentence : sentences) {
    for (const Text number : words_with(sentence, strict_word_end, 1)) times.push_back(value_of(number));
  }
  return paired(times);
}

std::vector<Interval> pairs_of_clocks(const std::vector<Text>& sentences, End clock) {
  std::vector<double> times;
  for (const Text sentence : sentences) {
    for (const Text word : words_with(sentence, clock)) times.push_back(clock_value(word));
  }
  return paired(times);
}

/** What `read` finds in the first sentence in which it finds something. */
template <typename Read>
std::vector<Interval> first_found(const std::vector<Text>& sentences, Read read) {
  for (const Text sentence : sentences) {
    if (auto found = read(sentence); !found.empty()) return found;
  }
  return {};
}

std::vector<Interval> first_in_order(const std::vector<Interval>& windows) {
  if (windows.empty()) return {};
  const auto [start, stop] = windows.front();
  return {stop > start ? Interval{start, stop} : Interval{stop, start}};
}

/**
 * The script looks for clock times last, one a sentence. It finds none that way: each begins with a number, so where
 * there are two of them there are two numbers. kLmmsEvalTvg does the same.
 */
std::vector<Interval> timechat(Text text) {
  std::vector<Interval> found = joined_numbers(text, dotted_end, dash_end);
  if (found.empty()) found = pairs_of_first_numbers(telling(sentences_of(text)));
  return first_in_order(found);
}

/** Every "to" becomes a dash, also within words; the prompt's example is taken out. */
std::u32string with_dashes(Text text) {
  return replaced(replaced(text, U"a specific example is : 20.8 - 30.0 seconds", U""), U"to", U"-");
}

std::vector<Interval> dashed(Text s) { return joined_numbers(s, strict_end, any_dash_end); }
std::vector<Interval> dashed_units(Text s) { return joined_numbers(s, strict_end, unit_dash_end); }

std::vector<Interval> lmms(Text text) {
  const std::u32string changed = with_dashes(text);
  const std::vector<Text> all = sentences_of(changed);
  std::vector<Text> sentences = telling(all);
  if (sentences.empty()) sentences = all;
  std::vector<Interval> found = first_found(sentences, joined_clocks);
  if (found.empty()) found = first_found(sentences, dashed);
  if (found.empty()) found = pairs_of_clocks(sentences, whole_clock_end);
  if (found.empty()) found = pairs_of_first_numbers(sentences);
  if (found.empty()) found = first_found(sentences, dashed_units);
  return first_in_order(found);
}

std::vector<Interval> lmms_eval_tvg(Text text) {
  const std::u32string changed = with_dashes(text);
  const std::vector<Text> sentences = telling(sentences_of(changed));
  std::vector<Interval> found = first_found(sentences, dashed);
  if (found.empty()) found = pairs_of_first_numbers(sentences);
  if (found.empty()) found = first_found(sentences, dashed_units);
  return first_in_order(found);
}

std::vector<Interval> timelens(Text text) {
  std::vector<Interval> found = pairs_of_clocks({text}, fine_clock_end);
  if (found.empty()) found = joined_numbers(text, loose_end, dash_end);
  if (found.empty()) found = joined_numbers(text, loose_end, to_end);
  if (!found.empty()) return found;
  std::vector<double> times;
  for (const Text number : words_with(text, loose_word_end)) times.push_back(value_of(number));
  return paired(times);
}

/** Two digits, " to " or " and ", two digits: neither end of the digits is looked at. */
std::vector<Interval> vtimellm(Text s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (!is_digit_at(s, i) || !is_digit_at(s, i + 1)) continue;
    const Text rest = s.substr(i + 2);
    const std::size_t skipped = rest.starts_with(U" to ") ? 4 : rest.starts_with(U" and ") ? 5 : 0;
    if (skipped == 0 || !is_digit_at(rest, skipped) || !is_digit_at(rest, skipped + 1)) continue;
    return {{value_of(s.substr(i, 2)) / 100, value_of(rest.substr(skipped, 2)) / 100}};
  }
  return {};
}

/** Of the text behind "<": the token's number if it is one. */
std::optional<std::string_view> token_number(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == 0 || end == text.npos || text[end] != '>') return std::nullopt;
  return text.substr(0, end);
}

std::string token_seconds(std::string_view number, double duration) {
  constexpr std::size_t kMostDigits = 4300;  // that Python reads
  double k = 0;
  const auto end = number.data() + number.size();
  if (number.size() > kMostDigits || std::from_chars(number.data(), end, k).ec != std::errc{}) {
    throw Error(ErrorCode::kMalformed, "a temporal token of the answer is too large a number, where the script raises");
  }
  constexpr double kTokens = 300;
  std::array<char, std::numeric_limits<double>::max_exponent10 + 8> digits{};
  const double seconds = duration * k / kTokens;
  const auto last = std::to_chars(digits.data(), digits.data() + digits.size(), seconds, std::chars_format::fixed, 2);
  return std::string(digits.data(), last.ptr) + " seconds";
}

}  // namespace

bool has_temporal_tokens(std::string_view text) {
  for (std::size_t i = text.find('<'); i != text.npos; i = text.find('<', i + 1)) {
    if (token_number(text.substr(i + 1))) return true;
  }
  return false;
}

std::string seconds_for_tokens(std::string_view text, double duration, TokenSpelling spelling) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto number = text[i] == '<' ? token_number(text.substr(i + 1)) : std::nullopt;
    if (!number) {
      result += text[i];
      continue;
    }
    if (spelling == TokenSpelling::kPhi) result += ' ';
    result += token_seconds(*number, duration);
    i += number->size() + 1;
  }
  return result;
}

std::vector<Interval> parse_windows(std::string_view text, AnswerRule rule, double duration) {
  switch (rule) {
    case AnswerRule::kTimeChat:
      return timechat(lowered(decoded(text)));
    case AnswerRule::kLmms:
      return lmms(lowered(decoded(text)));
    case AnswerRule::kLmmsEvalTvg:
      return lmms_eval_tvg(lowered(decoded(text)));
    case AnswerRule::kTimeLens:
      return timelens(lowered(decoded(text)));
    case AnswerRule::kVTimeLlm:
      return vtimellm(decoded(text));
    case AnswerRule::kGvl:
      return timelens(lowered(decoded(seconds_for_tokens(text, duration, TokenSpelling::kPhi))));
  }
  throw Error(ErrorCode::kInvalidArgument, "there is no such rule for answers");
}

}  // namespace gvl::evaluation
