/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/forms.hpp"

#include <array>
#include <charconv>

#include "scenes/english.hpp"

namespace gvl::scenes {
namespace {

/** Always with a point, whatever the locale. */
std::string two_decimals(double number) {
  std::array<char, 64> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, 2);
  return std::string(digits.data(), result.ptr);
}

std::string interval(const TimeRange& time) {
  return "from <" + two_decimals(time.start) + "> to <" + two_decimals(time.stop) + ">";
}

/** An answer's sentence. */
std::string told(const TimeRange& moment) { return capitalised(interval(moment)) + "."; }

std::vector<TimeRange> times_of(const std::vector<Report>& reports) {
  std::vector<TimeRange> times;
  for (const Report& report : reports) times.push_back(report.first);
  return times;
}

}  // namespace

Conversation grounding_form(std::string query, std::string kind, std::vector<TimeRange> moments) {
  Conversation talk;
  talk.kind = std::move(kind);
  talk.question = "<image> <timestamp_grounding>\nGive you a textual query: '" + query +
                  "'. When does the described content occur in the video? Please return the start and end timestamps.";
  talk.query = std::move(query);
  for (const TimeRange& moment : moments) {
    talk.answer += (talk.answer.empty() ? "" : " ") + told(moment);
  }
  if (moments.empty()) talk.answer = "It does not happen in the video.";
  talk.moments = std::move(moments);
  return talk;
}

void tell_one_moment(std::vector<Conversation>& talks, Random& random) {
  for (Conversation& talk : talks) {
    if (talk.task != Task::kGrounding || talk.moments.size() < 2) continue;
    talk.answer = told(random.pick(talk.moments));
  }
}

Conversation dense_caption_form(const std::vector<Report>& reports) {
  Conversation talk;
  talk.task = Task::kDenseCaption;
  talk.kind = "dense-caption";
  talk.query =
      "Detect and report the start and end timestamps of activity events in the video, along with descriptions.";
  talk.question = "<image> <timestamp_grounding>\n" + talk.query;
  for (const auto& [time, words] : reports) {
    talk.answer += (talk.answer.empty() ? "" : " ") + capitalised(interval(time)) + ", " + words + ".";
  }
  if (talk.answer.empty()) talk.answer = "Nothing happens.";
  talk.moments = times_of(reports);
  return talk;
}

std::string draw_referring_lead(Random& random) {
  static constexpr std::string_view leads[] = {"What is happening ", "What is happening ", "What happens ",
                                               "What can be seen ", "Describe what happens "};
  return std::string(random.pick(leads));
}

Conversation referring_form(const std::string& lead, const Report& report) {
  const std::string end = lead.starts_with("Describe") ? "." : "?";
  const TimeRange& time = report.first;
  Conversation talk;
  talk.task = Task::kReferring;
  talk.kind = "referring";
  talk.query = lead + "from " + two_decimals(time.start) + " to " + two_decimals(time.stop) + " seconds" + end;
  talk.question = "<image>\n" + lead + interval(time) + end;
  talk.answer = sentence(report.second);
  talk.moments = {time};
  return talk;
}

std::string draw_caption_question(Random& random) {
  static constexpr std::string_view questions[] = {"Describe the video.",
                                                   "Describe this video.",
                                                   "What happens in this video? Describe it in order.",
                                                   "Write a caption for the video.",
                                                   "Summarize the video.",
                                                   "Tell me what can be seen in the video."};
  return std::string(random.pick(questions));
}

Conversation caption_form(std::string question, std::string opening, const std::vector<Report>& reports) {
  Conversation talk;
  talk.task = Task::kQuestion;
  talk.kind = "caption";
  talk.query = std::move(question);
  talk.question = "<image>\n" + talk.query;
  talk.answer = std::move(opening);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const std::string& words = reports[i].second;
    talk.answer += (talk.answer.empty() ? "" : " ") + sentence(i == 0 ? words : "then " + words);
  }
  if (reports.empty()) talk.answer += talk.answer.empty() ? "Nothing happens." : " Nothing happens.";
  talk.moments = times_of(reports);
  return talk;
}

Conversation choice_form(Quiz quiz, Random& random) {
  const std::string right = quiz.options.front().text;
  random.shuffle(quiz.options);
  Conversation talk;
  talk.task = Task::kQuestion;
  talk.kind = quiz.kind.starts_with("choice-") ? quiz.kind : "choice-" + quiz.kind;
  const std::string image = "<image>\n";
  talk.query = "Question: " + quiz.question + "\nOptions:";
  for (std::size_t i = 0; i < quiz.options.size(); ++i) {
    Option& option = quiz.options[i];
    const std::string letter = std::string("(") + static_cast<char>('A' + i) + ") ";
    talk.query += "\n" + letter + option.text;
    option.end = image.size() + talk.query.size();
    if (option.text != right) continue;
    talk.right_option = static_cast<int>(i);
    talk.answer = "Answer: " + letter + right;
  }
  talk.question = image + talk.query;
  talk.options = std::move(quiz.options);
  talk.events = std::move(quiz.events);
  talk.moments = std::move(quiz.moments);
  return talk;
}

Conversation open_form(const Quiz& quiz) {
  Conversation talk;
  talk.task = Task::kQuestion;
  talk.kind = quiz.kind;
  talk.query = quiz.question;
  talk.question = "<image>\n" + talk.query;
  talk.answer = sentence(quiz.options.front().text);
  talk.events = quiz.events;
  talk.moments = quiz.moments;
  return talk;
}

}  // namespace gvl::scenes
