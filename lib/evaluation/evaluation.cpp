/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/evaluation.hpp"

#include <algorithm>

#include "evaluation/choice.hpp"
#include "evaluation/format.hpp"

namespace gvl::evaluation {
namespace {

using timeline::GroundedEvent;

bool is_same(const Query& a, const Query& b) { return a.task == b.task && a.text == b.text; }

/** Of events or answers; none where there is none. */
template <typename Said>
const Said* most_confident(const std::vector<const Said*>& all) {
  const auto less = [](const Said* a, const Said* b) { return a->confidence < b->confidence; };
  const auto best = std::max_element(all.begin(), all.end(), less);
  return best == all.end() ? nullptr : *best;
}

template <typename Said>
std::vector<const Said*> said_to(const Query& query, const std::vector<Said>& all) {
  std::vector<const Said*> said;
  for (const Said& each : all) {
    if (is_same({each.task, each.query}, query)) said.push_back(&each);
  }
  return said;
}

std::string json_of(const Interval& interval) {
  return "[" + number(interval.start) + ", " + number(interval.stop) + "]";
}

}  // namespace

std::string to_json(const std::string& video, const GroundedQuestion& grounded) {
  const Question& question = grounded.question;
  std::string truths;
  for (const Interval& truth : question.truths) truths += (truths.empty() ? "" : ", ") + json_of(truth);
  const GroundedEvent* event = grounded.event;
  return "{\"video\": " + json_string(video) + ", \"query\": " + json_string(question.query.text) +
         ", \"kind\": " + json_string(question.kind) + ", \"truths\": [" + truths +
         "], \"found\": " + (event ? json_of(interval_of(*event)) : "null") +
         ", \"confidence\": " + number(event ? event->confidence : 0) + ", \"iou\": " + number(grounded.iou) + "}\n";
}

void Evaluation::measure(const Ask& ask, const std::vector<Question>& questions) {
  std::vector<Query> queries;
  for (const Question& question : questions) {
    const auto same = [&](const Query& query) { return is_same(query, question.query); };
    if (std::none_of(queries.begin(), queries.end(), same)) queries.push_back(question.query);
  }
  if (queries.empty()) return;
  const FoundInVideo found = events_of(ask(queries), min_confidence_);
  for (const Question& question : questions) add(question, found);
}

void Evaluation::add(const Question& question, const FoundInVideo& found) {
  const Events events = said_to(question.query, found.events);
  if (question.query.task == Task::kGrounding) return add_grounding(question, events);
  if (question.query.task == Task::kDenseCaption) return add_captions(question, events);
  if (question.right) add_choice(question, said_to(question.query, found.answers));
}

void Evaluation::add_grounding(const Question& question, const Events& events) {
  const GroundedEvent* best = most_confident(events);
  report_.add_presence("all", best != nullptr ? best->confidence : 0, !question.truths.empty());
  double iou = 0;
  if (!question.truths.empty()) {
    const auto prediction = best != nullptr ? std::optional(interval_of(*best)) : std::nullopt;
    const Grounding match = best_match(prediction, question.truths);
    iou = grounding_iou(match);
    report_.add_grounding(question.kind, match);
  }
  if (tell_) tell_({question, best, iou});
}

void Evaluation::add_captions(const Question& question, const Events& events) {
  if (question.captions.empty()) return;
  Captions predicted;
  for (const GroundedEvent* event : events) predicted.push_back({interval_of(*event), event->text});
  report_.add_dense_captioning("all", dense_captioning_score(predicted, {question.captions}));
}

void Evaluation::add_choice(const Question& question, const Answers& answers) {
  const timeline::WindowAnswer* best = most_confident(answers);
  Choice choice{std::nullopt, *question.right};
  if (best != nullptr) choice.chosen = chosen_option(best->text, question.options);
  report_.add_choice(question.kind, choice);
}

}  // namespace gvl::evaluation
