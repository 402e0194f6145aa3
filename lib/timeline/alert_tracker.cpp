/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/alert_tracker.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "timeline/wording.hpp"

namespace gvl::timeline {
namespace {

// A confidence that moved by more is worth telling.
constexpr double kConfidenceStep = 0.1;

// One look is enough for what is so sure.
double sure(double min_confidence) { return (1 + min_confidence) / 2; }

Finding finding_of(const GroundedEvent& event) {
  return {event.start, event.stop, event.confidence, event.text, false, event.window_start, event.window_stop};
}

bool same(const Finding& a, const Finding& b, Time edge) {
  return a.window_stop <= b.window_stop ? same_event(a, b, edge) : same_event(b, a, edge);
}

bool is_among(const std::vector<Finding>& findings, const Finding& finding, Time edge) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& each) { return same(each, finding, edge); });
}

}  // namespace

const char* name_of(EventState state) noexcept {
  switch (state) {
    case EventState::kOpen:
      return "open";
    case EventState::kUpdate:
      return "update";
    case EventState::kClosed:
      return "closed";
    case EventState::kWithdrawn:
      return "withdrawn";
  }
  return "";
}

// Whether it is worth telling. A start that the window cuts says nothing about the event's.
bool AlertTracker::update(Alert& alert, const Finding& finding, Time edge) {
  GroundedEvent& event = alert.event;
  event.stop = std::max(event.stop, finding.stop);
  event.window_stop = finding.window_stop;
  const bool moved = !cut_at_start(finding, edge) && distance(finding.start, event.start) > edge;
  const bool surer = std::abs(finding.confidence - event.confidence) > kConfidenceStep;
  if (!moved && !surer) return false;
  if (moved) event.start = finding.start;
  event.confidence = finding.confidence;
  event.text = since(event.start);
  return true;
}

bool AlertTracker::was_told(const Asked& asked, const Finding& finding, Time edge) {
  return is_among(asked.over, finding, edge);
}

EventNews AlertTracker::open(Asked& asked, const AnsweredWindow& window, const Query& query, const Finding& finding) {
  const Alert alert{next_id_(),
                    {.task = query.task,
                     .query = query.text,
                     .text = query.task == Task::kDenseCaption ? finding.text : since(finding.start),
                     .start = finding.start,
                     .stop = finding.stop,
                     .confidence = finding.confidence,
                     .window_start = finding.window_start,
                     .window_stop = finding.window_stop,
                     .session = window.session}};
  asked.open.push_back(alert);
  return {alert.id, EventState::kOpen, alert.event};
}

void AlertTracker::look_at(Asked& asked, const AnsweredWindow& window, const Query& query, const Finding& finding,
                           std::vector<EventNews>& news) {
  const auto known = std::find_if(asked.open.begin(), asked.open.end(), [&](const Alert& alert) {
    return same(finding_of(alert.event), finding, window.edge);
  });
  if (known != asked.open.end()) {
    if (update(*known, finding, window.edge)) news.push_back({known->id, EventState::kUpdate, known->event});
    return;
  }
  if (finding.confidence < window.min_confidence || was_told(asked, finding, window.edge)) return;
  const bool twice = is_among(asked.believed, finding, window.edge);
  if (twice || finding.confidence >= sure(window.min_confidence)) news.push_back(open(asked, window, query, finding));
}

std::vector<EventNews> AlertTracker::look(const AnsweredWindow& window, const Answer& answer,
                                          const EventAssembler& assembler) {
  std::vector<EventNews> news;
  const Key key{answer.query.task, answer.query.text};
  Asked& asked = asked_of(key, window);
  std::vector<Finding> believed;
  for (const auto& finding : findings_of(answer, window)) {
    const bool too_late =
        asked.settled && finding.start + window.edge < *asked.settled && !assembler.holds(key, finding, window.edge);
    if (too_late) continue;
    look_at(asked, window, answer.query, finding, news);
    if (finding.confidence >= window.min_confidence) believed.push_back(finding);
  }
  asked.believed = std::move(believed);
  return news;
}

EventNews AlertTracker::close(const GroundedEvent& event) {
  Asked& asked = queries_[{event.task, event.query}];
  const Finding finding = finding_of(event);
  asked.over.push_back(finding);
  const auto alert = std::find_if(asked.open.begin(), asked.open.end(), [&](const Alert& each) {
    return each.event.session == event.session && same(finding_of(each.event), finding, asked.edge);
  });
  if (alert == asked.open.end()) return {next_id_(), EventState::kClosed, event};
  const EventNews news{alert->id, EventState::kClosed, event};
  asked.open.erase(alert);
  return news;
}

void AlertTracker::withdraw(Asked& asked, const std::function<bool(const Alert&)>& is_none,
                            std::vector<EventNews>& news) {
  std::erase_if(asked.open, [&](const Alert& alert) {
    if (!is_none(alert)) return false;
    news.push_back({alert.id, EventState::kWithdrawn, alert.event});
    asked.over.push_back(finding_of(alert.event));
    return true;
  });
}

// A query that the window before this one was not asked either is asked no more.
void AlertTracker::forget_unasked(std::uint64_t window, std::vector<EventNews>& news) {
  const auto unasked = [&](const Asked& asked) { return asked.window + 1 < window; };
  for (auto& [key, asked] : queries_)
    if (unasked(asked))
      withdraw(
          asked, [](const Alert&) { return true; }, news);
  std::erase_if(queries_, [&](const auto& each) { return unasked(each.second); });
}

std::vector<EventNews> AlertTracker::settle(const AnsweredWindow& window, const Query& query,
                                            const EventAssembler& assembler) {
  std::vector<EventNews> news;
  const Key key{query.task, query.text};
  Asked& asked = asked_of(key, window);
  asked.settled = window.settled;
  if (window.settled)
    withdraw(
        asked,
        [&](const Alert& alert) {
          return alert.event.start + window.edge < *window.settled &&
                 !assembler.holds(key, finding_of(alert.event), window.edge);
        },
        news);
  forget_unasked(window.index, news);
  return news;
}

AlertTracker::Asked& AlertTracker::asked_of(const Key& key, const AnsweredWindow& window) {
  Asked& asked = queries_[key];
  asked.edge = window.edge;
  asked.window = window.index;
  std::erase_if(asked.over, [&](const Finding& each) { return each.stop + window.edge < window.start; });
  return asked;
}

std::vector<EventNews> AlertTracker::finish() {
  std::vector<EventNews> news;
  for (const auto& [key, asked] : queries_)
    for (const auto& alert : asked.open) news.push_back({alert.id, EventState::kWithdrawn, alert.event});
  queries_.clear();
  return news;
}

}  // namespace gvl::timeline
