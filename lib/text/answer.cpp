/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <glib.h>

#include "text/utf8.hpp"

namespace gvl::text {
namespace {

/** A temporal token within an answer. */
struct Mark {
  std::int64_t temporal = 0;
  std::size_t position = 0;
};

/** An answer taken apart: texts[i] stands before marks[i], the last of texts behind all marks. */
struct Parts {
  std::vector<Mark> marks;
  std::vector<std::string> texts;
};

/** "<digits>" at or behind a position of a text. */
struct NumberTag {
  std::size_t start = 0;
  std::size_t stop = 0;
  double number = 0;
};

std::optional<NumberTag> find_number_tag(std::string_view text, std::size_t position) {
  for (; (position = text.find('<', position)) != text.npos; ++position) {
    const std::size_t stop = text.find_first_not_of("0123456789", position + 1);
    if (stop == text.npos) return std::nullopt;
    if (stop == position + 1 || text[stop] != '>') continue;
    NumberTag tag{position, stop + 1, 0};
    const auto result = std::from_chars(text.data() + position + 1, text.data() + stop, tag.number);
    if (result.ec == std::errc()) return tag;
  }
  return std::nullopt;
}

/** Always with a point, whatever the locale. */
std::string two_decimals(double number) {
  std::array<char, 512> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, 2);
  return std::string(digits.data(), result.ptr);
}

bool ends_with_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  const std::size_t start = text.size() - word.size();
  if (g_ascii_strncasecmp(text.data() + start, word.data(), word.size()) != 0) return false;
  return start == 0 || !g_ascii_isalpha(text[start - 1]);
}

/** Without what leads over to the interval behind it: "..., from" */
std::string_view without_lead_over(std::string_view text) {
  text = trimmed(text);
  for (const std::string_view word : {"from", "between", "during", "at"}) {
    if (!ends_with_word(text, word)) continue;
    text.remove_suffix(word.size());
    break;
  }
  return trimmed(text);
}

/** Without the signs that tie it to the interval before it: ", ...", ": ...", "- ...". */
std::string_view without_lead_in(std::string_view text) {
  text = trimmed(text);
  while (!text.empty() && std::string_view(",:;-.)]").find(text.front()) != text.npos) {
    text.remove_prefix(1);
    text = trimmed(text);
  }
  return text;
}

std::string_view without_trailing_signs(std::string_view text) {
  while (!text.empty() && std::string_view(",:;-([").find(text.back()) != text.npos) {
    text.remove_suffix(1);
    text = trimmed(text);
  }
  return text;
}

/** Captions of a dense answer: one for each pair of marks. */
std::vector<std::string> captions_of(const Parts& parts) {
  const std::size_t pairs = parts.marks.size() / 2;
  const bool before =
      !without_lead_in(without_lead_over(parts.texts.front())).empty() && without_lead_in(parts.texts.back()).empty();
  std::vector<std::string> captions;
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t place = before ? 2 * i : 2 * i + 2;
    std::string_view text = parts.texts[place];
    // The word before a mark leads over to it; the last text has no mark behind it.
    if (place < parts.marks.size()) text = without_lead_over(text);
    captions.emplace_back(without_trailing_signs(without_lead_in(text)));
  }
  return captions;
}

std::vector<ParsedInterval> intervals_of(const Parts& parts, const TimeScale& scale, std::int64_t temporal_tokens,
                                         bool captions) {
  std::vector<ParsedInterval> intervals;
  const std::vector<std::string> texts = captions ? captions_of(parts) : std::vector<std::string>();
  for (std::size_t i = 0; i + 1 < parts.marks.size(); i += 2) {
    const Mark& first = parts.marks[i];
    const Mark& second = parts.marks[i + 1];
    ParsedInterval interval;
    interval.start = std::min(first.temporal, second.temporal);
    interval.stop = std::max(first.temporal, second.temporal);
    interval.start_seconds = to_seconds(static_cast<double>(interval.start), scale, temporal_tokens);
    interval.stop_seconds = to_seconds(static_cast<double>(interval.stop), scale, temporal_tokens);
    interval.first_position = first.position;
    interval.second_position = second.position;
    if (captions) interval.text = texts[i / 2];
    intervals.push_back(std::move(interval));
  }
  return intervals;
}

Parts parts_of(std::string_view text, std::int64_t temporal_tokens) {
  Parts parts;
  std::size_t done = 0;
  std::size_t position = 0;
  while (const auto tag = find_number_tag(text, position)) {
    position = tag->stop;
    if (tag->number > static_cast<double>(temporal_tokens)) continue;
    parts.marks.push_back({static_cast<std::int64_t>(tag->number), tag->start});
    parts.texts.emplace_back(text.substr(done, tag->start - done));
    done = tag->stop;
  }
  parts.texts.emplace_back(text.substr(done));
  return parts;
}

Parts parts_of(const Tokenizer& tokenizer, const TemporalTokens& temporal, std::span<const std::int64_t> ids) {
  Parts parts;
  std::size_t done = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto value = temporal.temporal_of(ids[i]);
    if (!value) continue;
    parts.marks.push_back({*value, i});
    parts.texts.push_back(tokenizer.decode(ids.subspan(done, i - done)));
    done = i + 1;
  }
  parts.texts.push_back(tokenizer.decode(ids.subspan(done)));
  return parts;
}

}  // namespace

std::string with_seconds(std::string_view text, const TimeScale& scale, std::int64_t temporal_tokens,
                         const io::LanguageModel& model) {
  to_seconds(0, scale, temporal_tokens);  // throws for a duration that is none, also where there is no time
  std::string result;
  std::size_t done = 0;
  while (const auto tag = find_number_tag(text, done)) {
    result += text.substr(done, tag->start - done);
    result += model.before_seconds;
    result += two_decimals(scale.start() + to_seconds(tag->number, scale, temporal_tokens)) + " seconds";
    done = tag->stop;
  }
  return result += text.substr(done);
}

std::vector<ParsedInterval> parse_intervals(std::string_view text, const TimeScale& scale, std::int64_t temporal_tokens,
                                            bool captions) {
  return intervals_of(parts_of(text, temporal_tokens), scale, temporal_tokens, captions);
}

ParsedAnswer parse_answer(const Tokenizer& tokenizer, const TemporalTokens& temporal, std::span<const std::int64_t> ids,
                          const TimeScale& scale, const io::LanguageModel& model, bool captions) {
  ParsedAnswer answer;
  answer.text = trimmed(tokenizer.decode(ids));
  answer.text_seconds = with_seconds(answer.text, scale, temporal.count(), model);
  answer.intervals = intervals_of(parts_of(tokenizer, temporal, ids), scale, temporal.count(), captions);
  return answer;
}

}  // namespace gvl::text
