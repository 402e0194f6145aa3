/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/evaluation.hpp"

#include <algorithm>

#include "evaluation/choice.hpp"
#include "evaluation/event_finder.hpp"

namespace gvl::evaluation {
namespace {

using timeline::GroundedEvent;

bool is_same(const Query& a, const Query& b) { return a.task == b.task && a.text == b.text; }

bool is_timed(const GroundedEvent& event) { return event.start && event.stop; }

Interval interval_of(const GroundedEvent& event) {
  return {timeline::to_seconds(*event.start), timeline::to_seconds(*event.stop)};
}

/** None where there is no event. */
const GroundedEvent* most_confident(const std::vector<const GroundedEvent*>& events) {
  const auto less = [](const GroundedEvent* a, const GroundedEvent* b) { return a->confidence < b->confidence; };
  const auto best = std::max_element(events.begin(), events.end(), less);
  return best == events.end() ? nullptr : *best;
}

}  // namespace

void Evaluation::measure(Model& model, Video& video, const std::vector<Question>& questions) {
  std::vector<Query> queries;
  for (const Question& question : questions) {
    const auto same = [&](const Query& query) { return is_same(query, question.query); };
    if (std::none_of(queries.begin(), queries.end(), same)) queries.push_back(question.query);
  }
  if (queries.empty()) return;
  const auto events = find_events(model, video, queries, min_confidence_);
  for (const Question& question : questions) add(question, events);
}

void Evaluation::add(const Question& question, const std::vector<GroundedEvent>& events) {
  Events timed, in_words;
  for (const GroundedEvent& event : events) {
    if (is_same({event.task, event.query}, question.query)) (is_timed(event) ? timed : in_words).push_back(&event);
  }
  if (question.query.task == Task::kGrounding) return add_grounding(question, timed);
  if (question.query.task == Task::kDenseCaption) return add_captions(question, timed);
  if (question.right) add_choice(question, in_words);
}

void Evaluation::add_grounding(const Question& question, const Events& events) {
  const GroundedEvent* best = most_confident(events);
  report_.add_presence("all", best != nullptr ? best->confidence : 0, question.truth.has_value());
  if (!question.truth) return;
  Grounding grounding{std::nullopt, *question.truth};
  if (best != nullptr) grounding.prediction = interval_of(*best);
  report_.add_grounding(question.kind, grounding);
}

void Evaluation::add_captions(const Question& question, const Events& events) {
  if (question.captions.empty()) return;
  Captions predicted;
  for (const GroundedEvent* event : events) predicted.push_back({interval_of(*event), event->text});
  report_.add_dense_captioning("all", dense_captioning_score(predicted, {question.captions}));
}

void Evaluation::add_choice(const Question& question, const Events& events) {
  const GroundedEvent* best = most_confident(events);
  Choice choice{std::nullopt, *question.right};
  if (best != nullptr) choice.chosen = chosen_option(best->text, question.options);
  report_.add_choice(question.kind, choice);
}

}  // namespace gvl::evaluation
