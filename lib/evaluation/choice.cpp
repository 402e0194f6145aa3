/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/choice.hpp"

#include <algorithm>

#include "evaluation/meteor.hpp"
#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

// <cctype> depends on the locale and answers are arbitrary bytes.
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '\'' || static_cast<signed char>(c) < 0; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::size_t> index_of(char letter, std::size_t options) {
  const auto index = static_cast<std::size_t>(lower(letter) - 'a');
  return index < options ? std::optional(index) : std::nullopt;
}

/** The letter of "(B)" at the start of a text, 0 if there is none. */
char parenthesised(std::string_view text) {
  if (!text.empty() && text.front() == '(') {
    const std::size_t close = text.substr(0, 8).find(')');
    const std::string_view inside = close == text.npos ? "" : trimmed(text.substr(1, close - 1));
    if (inside.size() == 1 && is_letter(inside.front())) return inside.front();
  }
  return 0;
}

/** The letter of "(B)", "B", "B." at the start of a text, 0 if there is none. */
char leading(std::string_view text) {
  if (const char letter = parenthesised(text)) return letter;
  if (text.empty() || !is_letter(text.front())) return 0;
  const char letter = text.front();
  const std::string_view rest = text.substr(1);
  if (!rest.empty() && is_word(rest.front())) return 0;
  if (!rest.empty() && !is_space(rest.front()))
    return std::string_view(".,:;)]*\"").find(rest[0]) != rest.npos ? letter : 0;
  const bool last = trimmed(rest).empty();
  if (last) return letter;
  return letter >= 'A' && letter <= 'Z' && letter != 'A' && letter != 'I' ? letter : 0;
}

/** Takes `word`, in lower case, and spaces and marks behind it from the text's start. */
bool skip_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(text[i]) != word[i]) return false;
  }
  if (text.size() > word.size() && is_word(text[word.size()])) return false;
  text.remove_prefix(word.size());
  while (!text.empty() && (is_space(text.front()) || text.front() == ':' || text.front() == '*')) text.remove_prefix(1);
  return true;
}

/** The letter behind the last "answer" or "option" that has one. */
char announced(std::string_view text) {
  char letter = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && is_word(text[i - 1])) continue;
    std::string_view rest = text.substr(i);
    if (!skip_word(rest, "answer") && !skip_word(rest, "option")) continue;
    skip_word(rest, "is");
    skip_word(rest, "option");
    if (const char found = leading(rest)) letter = found;
  }
  return letter;
}

/** The one letter that stands in parentheses, 0 if there is none and '?' if they differ. */
char only_parenthesised(std::string_view text) {
  char only = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '(') continue;
    const char letter = lower(parenthesised(text.substr(i)));
    if (letter && only && letter != only) return '?';
    if (letter) only = letter;
  }
  return only;
}

std::optional<std::size_t> option_with_text(std::string_view answer, const std::vector<std::string>& options) {
  const std::vector<std::string> words = words_of(answer);
  std::optional<std::size_t> found;
  if (words.empty()) return found;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (words_of(options[i]) != words) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

}  // namespace

std::optional<std::size_t> chosen_option(std::string_view answer, const std::vector<std::string>& options) {
  if (options.size() > 26) throw Error(ErrorCode::kInvalidArgument, "a question has more than 26 options");
  if (const auto option = option_with_text(answer, options)) return option;
  if (const char letter = announced(answer)) return index_of(letter, options.size());
  if (const char letter = only_parenthesised(answer)) {
    return letter == '?' ? std::nullopt : index_of(letter, options.size());
  }
  const char letter = leading(trimmed(answer));
  return letter ? index_of(letter, options.size()) : std::nullopt;
}

ChoiceScore choice_score(const std::vector<Choice>& choices) {
  if (choices.empty()) return {};
  const auto right = std::count_if(choices.begin(), choices.end(), [](const Choice& c) { return c.chosen == c.right; });
  return {choices.size(), static_cast<double>(right) / static_cast<double>(choices.size())};
}

}  // namespace gvl::evaluation
