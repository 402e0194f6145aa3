/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/event_assembler.hpp"

#include <algorithm>
#include <utility>

#include "timeline/confidence.hpp"
#include "timeline/wording.hpp"

namespace gvl::timeline {
namespace {

bool less_sure(const Finding& a, const Finding& b) { return a.confidence < b.confidence; }

WindowAnswer answer_of(const Answer& answer, const AnsweredWindow& window) {
  return {.task = answer.query.task,
          .query = answer.query.text,
          .text = answer.text_seconds,
          .found = true,
          .confidence = answer.confidence,
          .window_start = window.start,
          .window_stop = window.stop,
          .session = window.session};
}

// That nothing is found: in the model's words, unless these name moments that are too unsure.
WindowAnswer nothing_of(const Answer& answer, const AnsweredWindow& window, const std::vector<Finding>& findings) {
  WindowAnswer nothing = answer_of(answer, window);
  nothing.found = false;
  if (findings.empty()) return nothing;
  std::vector<double> intervals;
  for (const auto& finding : findings) intervals.push_back(finding.confidence);
  nothing.text = kNothingFound;
  nothing.confidence = nothing_confidence(intervals);
  return nothing;
}

Judgement judge(const Answer& answer, const AnsweredWindow& window, const Finding* best, bool known) {
  Judgement judgement{.task = answer.query.task,
                      .query = answer.query.text,
                      .window_start = window.start,
                      .window_stop = window.stop,
                      .confidence = answer.confidence,
                      .min_confidence = window.min_confidence,
                      .verdict = is_for_words(answer.query.task) ? Verdict::kWords : Verdict::kNotFound};
  if (!best) return judgement;
  judgement.start = best->start;
  judgement.stop = best->stop;
  judgement.confidence = best->confidence;
  judgement.verdict = best->confidence < window.min_confidence ? Verdict::kUnsure
                      : known                                  ? Verdict::kMerged
                                                               : Verdict::kEvent;
  return judgement;
}

Judgement not_confirmed(const IntervalMerger::Event& event, double min_confidence) {
  const auto& [query, finding] = event;
  return {.task = query.first,
          .query = query.second,
          .window_start = finding.window_start,
          .window_stop = finding.window_stop,
          .start = finding.start,
          .stop = finding.stop,
          .confidence = finding.confidence,
          .min_confidence = min_confidence,
          .verdict = Verdict::kNotConfirmed};
}

// No answer gives the times of an event that was joined.
std::string text_of(Task task, const Finding& finding) {
  if (!finding.joined || task != Task::kGrounding) return finding.text;
  return in_a_sentence(finding.start, finding.stop);
}

}  // namespace

const char* name_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kEvent:
      return "event";
    case Verdict::kMerged:
      return "merged";
    case Verdict::kUnsure:
      return "unsure";
    case Verdict::kNotFound:
      return "not-found";
    case Verdict::kNotConfirmed:
      return "not-confirmed";
    case Verdict::kWords:
      return "words";
  }
  return "";
}

EventAssembler::Outcome EventAssembler::add(const AnsweredWindow& window, const Answer& answer) {
  Outcome outcome;
  session_ = window.session;
  min_confidence_ = window.min_confidence;
  const IntervalMerger::Key query{answer.query.task, answer.query.text};
  const auto findings = findings_of(answer, window);
  const auto best = std::max_element(findings.begin(), findings.end(), less_sure);
  const bool names_any = best != findings.end();
  const bool known = names_any && !window.alone && merger_.knows(query, *best, window.edge);
  outcome.judgements.push_back(judge(answer, window, names_any ? &*best : nullptr, known));
  if (is_for_words(answer.query.task))
    outcome.answer = answer_of(answer, window);
  else if (!names_any || best->confidence < window.min_confidence)
    outcome.answer = nothing_of(answer, window, findings);
  IntervalMerger by_itself;
  IntervalMerger& merger = window.alone ? by_itself : merger_;
  append(merger.add(window, query, findings), outcome);
  append(by_itself.finish(), outcome);
  return outcome;
}

EventAssembler::Outcome EventAssembler::finish() {
  Outcome outcome;
  append(merger_.finish(), outcome);
  return outcome;
}

void EventAssembler::append(const Merged& merged, Outcome& outcome) const {
  for (const auto& event : merged) {
    const auto& [query, finding] = event;
    const auto& [task, text] = query;
    if (finding.confidence < min_confidence_) {
      if (finding.best >= min_confidence_) outcome.judgements.push_back(not_confirmed(event, min_confidence_));
      continue;
    }
    outcome.events.push_back({.task = task,
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
