/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/statistics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "annotation/grounded_question.hpp"
#include "annotation/json_writer.hpp"
#include "annotation/video_name.hpp"
#include "evaluation/format.hpp"

namespace gvl::annotation {
namespace {

using evaluation::number;
using Counts = std::map<std::string, std::size_t>;

/** The times of a text, each written as "<12.5>". */
std::vector<double> times_in(std::string_view text) {
  std::vector<double> times;
  for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    double time = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data() + at + 1, end, time, std::chars_format::fixed);
    // "<inf>" and "<nan>" are read as well.
    if (failure == std::errc{} && stop != end && *stop == '>' && std::isfinite(time)) times.push_back(time);
  }
  return times;
}

/** How many of "(A) ", "(B) ", ... stand at the starts of lines. */
std::size_t options_in(std::string_view question) {
  std::size_t count = 0;
  for (char letter = 'A'; letter <= 'Z'; ++letter, ++count) {
    if (question.find(std::string("\n(") + letter + ") ") == question.npos) break;
  }
  return count;
}

/** "B" of "Answer: (B) a knife". */
std::string letter_in(std::string_view answer, std::size_t options) {
  const std::size_t at = answer.find('(');
  if (at == answer.npos || at + 2 >= answer.size() || answer[at + 2] != ')') return "?";
  const char letter = answer[at + 1];
  return letter >= 'A' && letter < static_cast<char>('A' + options) ? std::string(1, letter) : "?";
}

/** The first word that is asked, without what our prompts put in front. */
std::string opening_of(std::string_view question) {
  for (const std::string_view mark : {"<image>", "<timestamp_grounding>", "Question:"}) {
    const std::size_t at = question.find(mark);
    if (at != question.npos) question.remove_prefix(at + mark.size());
  }
  const std::string words = compared(std::string(question));
  return words.substr(0, words.find(' '));
}

void count_times(Statistics& statistics, const std::string& answer) {
  const std::vector<double> times = times_in(answer);
  statistics.with_times += times.empty() ? 0 : 1;
  for (std::size_t i = 0; i + 1 < times.size(); i += 2) {
    ++statistics.intervals;
    const double length = times[i + 1] - times[i];
    if (length < 0)
      ++statistics.reversed;
    else
      statistics.lengths.push_back(length);
  }
}

void count_turn(Statistics& statistics, const training::TrainingText& text) {
  ++statistics.turns;
  ++statistics.openings[opening_of(text.user_turn)];
  count_times(statistics, text.answer);
  const std::size_t options = options_in(text.user_turn);
  if (options < 2) return;
  ++statistics.multiple_choice;
  ++statistics.options[options];
  ++statistics.letters[letter_in(text.answer, options)];
}

/** The quantile of sorted values. */
double quantile(const std::vector<double>& values, double part) {
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

template <typename Name>
std::string listed(const std::map<Name, std::size_t>& counts, const std::string& unit = "") {
  constexpr std::size_t kMost = 12;
  std::vector<std::pair<std::size_t, std::string>> rows;
  for (const auto& [name, count] : counts) {
    if constexpr (std::is_same_v<Name, std::string>)
      rows.emplace_back(count, name.empty() ? "(none)" : in_one_line(name));
    else
      rows.emplace_back(count, std::to_string(name) + unit);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < rows.size() && i < kMost; ++i)
    text += (i == 0 ? "" : ", ") + rows[i].second + " " + std::to_string(rows[i].first);
  return text + (rows.size() > kMost ? ", ..." : "") + "\n";
}

void add_counts(JsonWriter& json, const char* name, const Counts& counts) {
  json.object(name, [&] {
    for (const auto& [key, count] : counts) json.integer(key.c_str(), static_cast<std::int64_t>(count));
  });
}

}  // namespace

Statistics statistics_of(const std::vector<training::ConversationRecord>& records) {
  Statistics statistics;
  std::set<std::string> videos;
  std::set<std::string> turns;
  for (const training::ConversationRecord& record : records) {
    ++statistics.records;
    ++statistics.datasets[record.dataset_name];
    const std::string video = record.video_file.string();
    videos.insert(video);
    for (const training::TrainingText& text : record.texts) {
      count_turn(statistics, text);
      if (!turns.insert(video + '\n' + text.user_turn + '\n' + text.answer).second) ++statistics.repeated;
    }
  }
  statistics.videos = videos.size();
  std::sort(statistics.lengths.begin(), statistics.lengths.end());
  return statistics;
}

std::string Statistics::to_text() const {
  const auto count = [](std::size_t value) { return std::to_string(value); };
  std::string text = count(records) + " records about " + count(videos) + " videos, " + count(turns) +
                     " questions with answers, " + count(repeated) + " of them repeated\n";
  text += count(multiple_choice) + " multiple choice, " + count(with_times) + " answers with times, " +
          count(intervals) + " intervals, " + count(reversed) + " of them reversed\n";
  text += "data sets: " + listed(datasets);
  text += "questions begin with: " + listed(openings);
  if (multiple_choice > 0) {
    text += "multiple choice of: " + listed(options, " options");
    text += "right options: " + listed(letters);
  }
  if (!lengths.empty()) {
    text += "interval lengths: median " + number(quantile(lengths, 0.5), 1) + " s, a tenth below " +
            number(quantile(lengths, 0.1), 1) + " s, a tenth above " + number(quantile(lengths, 0.9), 1) + " s\n";
  }
  return text;
}

std::string Statistics::to_json() const {
  Counts by_options;
  for (const auto& [number, count] : options) by_options[std::to_string(number)] = count;
  JsonWriter json;
  const auto add = [&](const char* name, std::size_t value) { json.integer(name, static_cast<std::int64_t>(value)); };
  json.object([&] {
    add("records", records);
    add("videos", videos);
    add("turns", turns);
    add("multiple_choice", multiple_choice);
    add("with_times", with_times);
    add("intervals", intervals);
    add("reversed", reversed);
    add("repeated", repeated);
    add_counts(json, "datasets", datasets);
    add_counts(json, "options", by_options);
    add_counts(json, "letters", letters);
    add_counts(json, "openings", openings);
    if (lengths.empty()) return;
    json.object("lengths", [&] {
      for (const auto& [name, part] : {std::pair("p10", 0.1), std::pair("p50", 0.5), std::pair("p90", 0.9)})
        json.number(name, quantile(lengths, part));
    });
  });
  return json.line() + "\n";
}

}  // namespace gvl::annotation
