/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/event_feed.hpp"

#include <iterator>
#include <utility>

namespace gvl::timeline {
namespace {

void append(std::vector<EventNews> more, std::vector<EventNews>& news) {
  std::move(more.begin(), more.end(), std::back_inserter(news));
}

}  // namespace

// What an application asks in between is about no other window.
EventFeed::News EventFeed::add_alone(const FedWindow& window, const Answer& answer) {
  auto outcome = assembler_.add(window, answer);
  News news{{}, std::move(outcome.answer), std::move(outcome.judgements)};
  for (auto& event : outcome.events) news.events.push_back({next_id_(), EventState::kClosed, std::move(event)});
  return news;
}

EventFeed::News EventFeed::add(const FedWindow& window, const Answer& answer) {
  if (window.alone) return add_alone(window, answer);
  News news;
  if (!window.provisional) {
    auto outcome = assembler_.add(window, answer);
    news.answer = std::move(outcome.answer);
    news.judgements = std::move(outcome.judgements);
    for (const auto& event : outcome.events) news.events.push_back(alerts_.close(event));
    append(alerts_.settle(window, answer.query, assembler_), news.events);
  }
  if (window.alerts) append(alerts_.look(window, answer, assembler_), news.events);
  return news;
}

EventFeed::News EventFeed::finish() {
  auto outcome = assembler_.finish();
  News news{{}, std::nullopt, std::move(outcome.judgements)};
  for (const auto& event : outcome.events) news.events.push_back(alerts_.close(event));
  append(alerts_.finish(), news.events);
  return news;
}

}  // namespace gvl::timeline
