/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/grounded_question.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>

#include "annotation/video_name.hpp"
#include "evaluation/format.hpp"
#include "evaluation/unicode.hpp"

namespace gvl::annotation {
namespace {

using evaluation::Interval;
using Words = std::vector<std::string>;

/** Times are written with two decimals. */
constexpr double kTolerance = 0.0101;

Words words_in(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool is_number(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return g_ascii_isdigit(c); });
}

/** "12.5 seconds", "at 1:05": `words` as compared() has them, where "12.5" is two. */
bool says_a_time(const std::string& text, const Words& words) {
  static const std::set<std::string> units{"s", "sec", "secs", "second", "seconds", "minute", "minutes", "min", "mins"};
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (is_number(words[i - 1]) && units.contains(words[i])) return true;
  }
  for (std::size_t i = 1; i + 2 < text.size(); ++i) {
    if (text[i] == ':' && g_ascii_isdigit(text[i - 1]) && g_ascii_isdigit(text[i + 1]) && g_ascii_isdigit(text[i + 2]))
      return true;
  }
  return false;
}

/** Whether all that an answer tells stands in the question: its words, but for those that tell nothing. */
bool leaks(const Words& question, const Words& answer) {
  static const std::set<std::string> telling_nothing{
      "a",     "an", "the", "is", "are", "was", "were", "be", "he",   "she", "it",  "they", "his", "her", "its",
      "their", "of", "to",  "in", "on",  "at",  "and",  "or", "with", "by",  "for", "up",   "as",  "from"};
  if (std::search(question.begin(), question.end(), answer.begin(), answer.end()) != question.end()) return true;
  bool tells = false;
  for (const std::string& word : answer) {
    if (telling_nothing.contains(word)) continue;
    tells = true;
    if (std::find(question.begin(), question.end(), word) == question.end()) return false;
  }
  return tells;
}

std::string fault_of_text(const std::string& text, const std::string& name, std::size_t longest) {
  if (compared(text).empty()) return "the " + name + " is empty";
  if (text.size() > longest) return "the " + name + " is too long";
  if (text.find_first_of("<>") != text.npos) return "the " + name + " has angle brackets";
  return {};
}

std::string fault_of_time(const GroundedQuestion& question, const AnnotatedVideo& video) {
  const Interval& time = question.time;
  if (!std::isfinite(time.start) || !std::isfinite(time.stop)) return "the interval is no time";
  if (time.start < 0 || time.stop > video.duration.value() + kTolerance) return "the interval leaves the video";
  if (time.stop - time.start < 0.01) return "the interval has no length";
  if (question.sources.empty()) return "no captions are named";
  Interval hull{time.stop, time.start};
  for (const std::size_t source : question.sources) {
    if (source >= video.moments.size()) return "a caption is named that is not there";
    const Interval& of = video.moments[source].time;
    if (of.stop < time.start - kTolerance || of.start > time.stop + kTolerance)
      return "the interval does not touch a caption that is named";
    hull = {std::min(hull.start, of.start), std::max(hull.stop, of.stop)};
  }
  if (time.start < hull.start - kTolerance || time.stop > hull.stop + kTolerance)
    return "the interval leaves the captions";
  return {};
}

}  // namespace

std::string compared(const std::string& text) {
  std::u32string kept;
  for (const char32_t c : evaluation::lowered(evaluation::decoded(text))) {
    if (g_unichar_isalnum(c) || g_unichar_ismark(c)) {
      kept += c;
    } else if (!kept.empty() && kept.back() != U' ') {
      kept += U' ';
    }
  }
  if (!kept.empty() && kept.back() == U' ') kept.pop_back();
  return evaluation::encoded(kept);
}

std::string fault_of(const GroundedQuestion& question, const AnnotatedVideo& video) {
  constexpr std::size_t kLongestQuestion = 500, kLongestAnswer = 300;
  std::string fault = fault_of_text(question.question, "question", kLongestQuestion);
  if (fault.empty()) fault = fault_of_text(question.answer, "answer", kLongestAnswer);
  if (!fault.empty()) return fault;
  const std::string asked = compared(question.question), answer = compared(question.answer);
  if (answer == "yes" || answer == "no") return "the answer is yes or no";
  const Words words = words_in(asked);
  if (says_a_time(question.question, words)) return "the question says a time";
  if (leaks(words, words_in(answer))) return "the question has the answer in it";
  return fault_of_time(question, video);
}

std::vector<GroundedQuestion> usable_questions(std::vector<GroundedQuestion> questions, const AnnotatedVideo& video,
                                               std::size_t most, std::vector<Rejection>& rejected) {
  std::vector<GroundedQuestion> usable;
  std::set<std::string> asked, answered;
  for (GroundedQuestion& question : questions) {
    question.question = in_one_line(question.question);
    question.answer = in_one_line(question.answer);
    std::string fault = fault_of(question, video);
    const std::string time =
        evaluation::number(question.time.start, 2) + " " + evaluation::number(question.time.stop, 2);
    if (fault.empty() && !asked.insert(compared(question.question)).second) fault = "the question was asked before";
    if (fault.empty() && !answered.insert(time + " " + compared(question.answer)).second)
      fault = "the answer and its interval were given before";
    if (fault.empty() && usable.size() == most) fault = "there are more questions than were asked for";
    if (!fault.empty()) {
      rejected.push_back({video.name, question.question, fault});
      continue;
    }
    question.time.stop = std::min(question.time.stop, video.duration.value());
    usable.push_back(std::move(question));
  }
  return usable;
}

}  // namespace gvl::annotation
