/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/event_assembler.hpp"

#include <utility>

#include "timeline/wording.hpp"

namespace gvl::timeline {
namespace {

bool is_in_words(const Answer& answer) { return answer.query.task == Task::kQuestion || answer.intervals.empty(); }

GroundedEvent event_in_words(const Answer& answer, const AnsweredWindow& window) {
  return {.task = answer.query.task,
          .query = answer.query.text,
          .text = answer.text_seconds,
          .confidence = answer.confidence,
          .window_start = window.start,
          .window_stop = window.stop,
          .session = window.session};
}

// No answer gives the times of an event that was joined.
std::string text_of(Task task, const Finding& finding) {
  if (!finding.joined || task != Task::kGrounding) return finding.text;
  return in_a_sentence(finding.start - finding.window_start, finding.stop - finding.window_start);
}

}  // namespace

std::vector<GroundedEvent> EventAssembler::add(const AnsweredWindow& window, const Answer& answer) {
  std::vector<GroundedEvent> events;
  if (session_ != window.session) events = finish();
  session_ = window.session;
  min_confidence_ = window.min_confidence;
  if (is_in_words(answer)) events.push_back(event_in_words(answer, window));
  IntervalMerger by_itself;
  IntervalMerger& merger = window.alone ? by_itself : merger_;
  append(merger.add(window, {answer.query.task, answer.query.text}, findings_of(answer, window)), events);
  append(by_itself.finish(), events);
  return events;
}

std::vector<GroundedEvent> EventAssembler::finish() {
  std::vector<GroundedEvent> events;
  append(merger_.finish(), events);
  return events;
}

void EventAssembler::append(const Merged& merged, std::vector<GroundedEvent>& events) const {
  for (const auto& [query, finding] : merged) {
    if (finding.confidence < min_confidence_) continue;
    const auto& [task, text] = query;
    events.push_back({.task = task,
                      .query = text,
                      .text = text_of(task, finding),
                      .start = finding.start,
                      .stop = finding.stop,
                      .confidence = finding.confidence,
                      .window_start = finding.window_start,
                      .window_stop = finding.window_stop,
                      .session = session_});
  }
}

}  // namespace gvl::timeline
