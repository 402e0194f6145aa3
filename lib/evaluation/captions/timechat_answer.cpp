/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/timechat_answer.hpp"

#include <glib.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "evaluation/unicode.hpp"
#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "text/regex.hpp"

namespace gvl::evaluation {
namespace {

using Text = std::u32string;
using Groups = std::vector<std::string>;

struct FreeRegex {
  void operator()(GRegex* regex) const { g_regex_unref(regex); }
};

/** Python's re.findall(): of each match all of it and its groups. */
std::vector<Groups> find_all(const char* expression, const std::string& text) {
  GError* failure = nullptr;
  const std::unique_ptr<GRegex, FreeRegex> regex(
      g_regex_new(expression, G_REGEX_DEFAULT, static_cast<GRegexMatchFlags>(0), &failure));
  g_assert(failure == nullptr);
  std::vector<Groups> found;
  const auto error = text::for_each_match(regex.get(), text, [&](const GMatchInfo* match, std::size_t, std::size_t) {
    Groups& groups = found.emplace_back();
    for (int i = 0; i < g_match_info_get_match_count(match); ++i) {
      g_autofree char* group = g_match_info_fetch(match, i);
      groups.emplace_back(group);
    }
  });
  if (error) throw Error(ErrorCode::kMalformed, io::quote(text) + ": takes too long to be searched for times");
  return found;
}

/** Python's float(), of what the expressions find: none for "1..5". */
std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

double required_number(const std::string& text) {
  if (const auto number = number_in(text)) return *number;
  throw Error(ErrorCode::kMalformed, io::quote(text) + " is no number, where TimeChat's script raises");
}

/** Without white space, or one of `others`, at both ends. */
Text stripped(const Text& text, const Text& others = U"", bool strips_space = true) {
  const auto goes = [&](char32_t c) { return (strips_space && g_unichar_isspace(c)) || others.find(c) != others.npos; };
  const auto begin = std::find_if_not(text.begin(), text.end(), goes);
  const auto end = std::find_if_not(text.rbegin(), std::make_reverse_iterator(begin), goes).base();
  return Text(begin, end);
}

std::vector<Text> split(const Text& text, const Text& separator) {
  std::vector<Text> parts;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(separator, from)) != text.npos; from = at + separator.size())
    parts.push_back(text.substr(from, at - from));
  parts.push_back(text.substr(from));
  return parts;
}

/** Times and texts as they are found, before they are put together. */
struct Found {
  std::vector<Interval> times;
  std::vector<Text> texts;
};

void add_ranges(const Text& paragraph, Found& found) {
  const auto matches = find_all("([0-9]+\\.*[0-9]*)\\s*-\\s*([0-9]+\\.*[0-9]*)", encoded(paragraph));
  Text rest = paragraph;
  for (const Groups& match : matches) {
    found.times.push_back({required_number(match[1]), required_number(match[2])});
    rest = replaced(rest, decoded(match[0]), U"\n");
  }
  if (!matches.empty()) found.texts = split(replaced(rest, U"seconds", U""), U"\n");
}

void add_descriptions(const Text& paragraph, Found& found) {
  const std::string text = encoded(paragraph);
  const auto starts = find_all("start(?:ing)? time: ([0-9]+\\.*[0-9]*)", text);
  const auto stops = find_all("end(?:ing)? time: ([0-9]+\\.*[0-9]*)", text);
  if (starts.empty() || stops.empty()) return;
  for (std::size_t i = 0; i < std::min(starts.size(), stops.size()); ++i)
    found.times.push_back({required_number(starts[i][1]), required_number(stops[i][1])});
  auto texts = find_all("description: ([^\\n]*)", text);
  if (texts.empty()) texts = find_all("\\*\\s*([^\\n]*)", text);
  for (const Groups& match : texts) found.texts.push_back(decoded(match[1]));
}

void add_starts_and_ends(const Text& paragraph, Found& found) {
  Text rest = paragraph;
  for (const Groups& match :
       find_all("start time ([0-9]+\\.*[0-9]*), end time ([0-9]+\\.*[0-9]*)", encoded(paragraph))) {
    found.times.push_back({required_number(match[1]), required_number(match[2])});
    rest = replaced(rest, decoded(match[0]), U"\n");
    found.texts = split(rest, U"\n");
  }
}

Captions captions_of_paragraph(const Text& answer) {
  const Text paragraph = lowered(answer);
  Found found;
  add_ranges(paragraph, found);
  if (found.times.empty()) add_descriptions(paragraph, found);
  if (found.times.empty()) add_starts_and_ends(paragraph, found);
  constexpr std::size_t kLongestOther = 5;
  std::erase_if(found.texts, [](const Text& text) { return text.size() <= kLongestOther; });
  Captions captions;
  for (std::size_t i = 0; i < std::min(found.times.size(), found.texts.size()); ++i) {
    const Text text = stripped(stripped(stripped(found.texts[i]), U", ", false));
    captions.push_back({found.times[i], encoded(text)});
  }
  return captions;
}

/** 20 seconds before and behind, or 40 from there on. */
Interval around(double time) {
  constexpr double kRadius = 20;
  return time > kRadius ? Interval{time - kRadius, time + kRadius} : Interval{time, time + 2 * kRadius};
}

/** "1:09" in seconds; none where it has decimals. */
std::optional<double> clock_time(const std::string& text) {
  const std::size_t colon = text.find(':');
  constexpr double kSeconds = 60;
  const std::string minutes = text.substr(0, colon), seconds = text.substr(colon + 1);
  if ((minutes + seconds).find('.') != std::string::npos) return std::nullopt;
  return required_number(minutes) * kSeconds + required_number(seconds);
}

/** Of one or two times with a colon; also none where the script raises, and goes on with the next sentence. */
std::optional<Interval> interval_of_clock(const std::string& text, std::ptrdiff_t colons) {
  const auto times = find_all("[0-9]+\\.*[0-9]*:[0-9]+\\.*[0-9]*", text);
  if (times.empty() || (colons == 2 && times.size() != 2)) return std::nullopt;
  const auto start = clock_time(times[0][0]), stop = clock_time(times.back()[0]);
  if (!start || !stop) return std::nullopt;
  return colons == 1 ? around(*start) : Interval{*start, *stop};
}

std::optional<Interval> interval_of_numbers(const std::string& text) {
  const auto numbers = find_all("[0-9]+\\.*[0-9]*(?!\\.)", text);
  if (numbers.empty() || numbers.size() > 2) return std::nullopt;
  const auto start = number_in(numbers[0][0]), stop = number_in(numbers.back()[0]);
  if (!start || !stop) return std::nullopt;
  // The script writes "1e-05 - 40.00001" and splits it at the first "-".
  constexpr double kSmallest = 1e-4;
  if (numbers.size() == 1 && *start > 0 && *start < kSmallest) return std::nullopt;
  return numbers.size() == 1 ? around(*start) : Interval{*start, *stop};
}

std::optional<Interval> interval_in(const std::string& text) {
  const auto ranges = find_all("([0-9]+\\.*[0-9]*)\\s*-\\s*([0-9]+\\.*[0-9]*)", text);
  if (!ranges.empty()) {
    const auto start = number_in(ranges[0][1]), stop = number_in(ranges[0][2]);
    return start && stop ? std::optional(Interval{*start, *stop}) : std::nullopt;
  }
  const auto colons = std::count(text.begin(), text.end(), ':');
  return colons == 1 || colons == 2 ? interval_of_clock(text, colons) : interval_of_numbers(text);
}

std::optional<Caption> caption_in(const Text& sentence) {
  std::vector<Text> parts = split(sentence, U"seconds");
  const auto time = interval_in(encoded(stripped(parts.front(), U",", false)));
  if (!time) return std::nullopt;
  const Interval rounded{rounded_to_hundredths(time->start), rounded_to_hundredths(time->stop)};
  return Caption{rounded, encoded(stripped(stripped(parts.back(), U",", false)))};
}

}  // namespace

Captions timechat_answer_captions(const std::string& answer) {
  constexpr std::size_t kLongest = std::size_t{1} << 16, kLongestOther = 7;
  if (answer.size() > kLongest) throw Error(ErrorCode::kMalformed, io::quote(answer) + ": is longer than 64 KiB");
  const Text text = decoded(answer);
  Captions captions = captions_of_paragraph(text);
  if (!captions.empty()) return captions;
  const bool has_lines = text.find(U'\n') != text.npos;
  for (Text& sentence : split(text, has_lines ? U"\n" : U".")) {
    if (sentence.size() <= kLongestOther) continue;
    if (auto caption = caption_in(has_lines ? sentence : sentence + U".")) return {std::move(*caption)};
  }
  return captions;
}

}  // namespace gvl::evaluation
