/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "support/testing.hpp"
#include "timeline/event_feed.hpp"

using namespace std::chrono_literals;
using gvl::Answer;
using gvl::Interval;
using gvl::Query;
using gvl::Task;
using gvl::timeline::EventFeed;
using gvl::timeline::EventNews;
using gvl::timeline::EventState;
using gvl::timeline::FedWindow;
using gvl::timeline::Time;

namespace {

const Query kWhen{Task::kGrounding, "when"};

/** A stretch of the video that something is found in, and how surely. */
struct Found {
  int start, stop;
  double confidence;
};

/**
 * A live stream with windows of a minute, one every half a minute, and a look every five seconds. An event needs a
 * confidence of 0.4.
 */
class Stream {
 public:
  /** The window that ends at `stop` seconds is answered, and is none that counts. */
  std::vector<EventNews> look(int stop, const std::vector<Found>& found) {
    auto window = of(stop);
    window.provisional = true;
    return feed_.add(window, answer(window, found)).events;
  }

  /** One that counts. */
  std::vector<EventNews> count(int stop, const std::vector<Found>& found) {
    auto window = of(stop);
    window.settled = window.start + 30s;
    window.index = ++index_;
    return feed_.add(window, answer(window, found)).events;
  }

  std::vector<EventNews> finish() { return feed_.finish().events; }

 private:
  FedWindow of(int stop) const {
    FedWindow window;
    window.index = index_;
    window.start = Time(stop * 1s) - 60s;
    window.stop = Time(stop * 1s);
    window.resolution = 200ms;
    window.edge = 2500ms;
    window.min_confidence = 0.4;
    window.alerts = true;
    return window;
  }

  static Answer answer(const FedWindow& window, const std::vector<Found>& found) {
    Answer answer;
    answer.query = kWhen;
    answer.confidence = 0.9;
    for (const auto& each : found)
      answer.intervals.push_back({each.start - gvl::timeline::to_seconds(window.start),
                                  each.stop - gvl::timeline::to_seconds(window.start), each.confidence, ""});
    return answer;
  }

  std::uint64_t next_id_ = 7;
  std::uint64_t index_ = 0;
  EventFeed feed_{[this] { return next_id_++; }};
};

void check(const std::vector<EventNews>& news, std::uint64_t id, EventState state, int start, int stop) {
  ck_assert_int_eq(news.size(), 1);
  ck_assert_int_eq(news[0].id, id);
  ck_assert_str_eq(name_of(news[0].state), name_of(state));
  ck_assert_int_eq(news[0].event.start.count(), Time(start * 1s).count());
  ck_assert_int_eq(news[0].event.stop.count(), Time(stop * 1s).count());
}

GVL_TEST(what_two_looks_find_opens_and_is_closed_with_exact_times) {
  Stream stream;
  ck_assert(stream.look(65, {}).empty());
  ck_assert(stream.look(70, {{66, 70, 0.5}}).empty());
  auto news = stream.look(75, {{66, 75, 0.55}});
  check(news, 7, EventState::kOpen, 66, 75);
  ck_assert_str_eq(news[0].event.text.c_str(), "Since 66.00 seconds.");
  ck_assert(stream.look(80, {{67, 78, 0.5}}).empty());  // within what the model is off by
  ck_assert(stream.count(90, {{66, 78, 0.6}}).empty());
  ck_assert(stream.look(95, {{66, 78, 0.6}}).empty());
  news = stream.count(120, {{66, 79, 0.5}});
  check(news, 7, EventState::kClosed, 66, 78);
  ck_assert_double_eq_tol(news[0].event.confidence, 0.55, 1e-9);
  // It is told, although the newest window shows it still.
  ck_assert(stream.look(125, {{66, 78, 0.9}}).empty());
  ck_assert(stream.finish().empty());
}

GVL_TEST(one_look_that_is_sure_is_enough) {
  Stream stream;
  check(stream.look(70, {{66, 70, 0.7}}), 7, EventState::kOpen, 66, 70);
}

GVL_TEST(looks_that_disagree_open_nothing) {
  Stream stream;
  ck_assert(stream.look(70, {{66, 70, 0.6}}).empty());
  ck_assert(stream.look(75, {}).empty());
  ck_assert(stream.look(80, {{66, 72, 0.6}}).empty());
  ck_assert(stream.look(85, {{74, 85, 0.6}}).empty());  // it is another one
  ck_assert(stream.look(90, {{74, 90, 0.3}}).empty());  // and too unsure
  ck_assert(stream.finish().empty());
}

GVL_TEST(an_open_event_is_updated_when_start_or_confidence_move) {
  Stream stream;
  stream.look(70, {{66, 70, 0.75}});
  auto news = stream.look(75, {{62, 75, 0.75}});
  check(news, 7, EventState::kUpdate, 62, 75);
  ck_assert_str_eq(news[0].event.text.c_str(), "Since 62.00 seconds.");
  news = stream.look(80, {{62, 80, 0.9}});
  check(news, 7, EventState::kUpdate, 62, 80);
  ck_assert_double_eq(news[0].event.confidence, 0.9);
  ck_assert(stream.look(85, {{63, 85, 0.85}}).empty());
  // The window begins later than the event: its start is not seen any more.
  ck_assert(stream.look(125, {{65, 125, 0.9}}).empty());
}

GVL_TEST(what_no_window_that_counts_finds_is_withdrawn) {
  Stream stream;
  stream.look(70, {{66, 70, 0.75}});
  ck_assert(stream.count(90, {}).empty());  // the next one shows its start, too
  check(stream.count(120, {}), 7, EventState::kWithdrawn, 66, 70);
  // It is not told again.
  ck_assert(stream.look(125, {{66, 70, 0.9}}).empty());
  ck_assert(stream.finish().empty());
}

GVL_TEST(what_the_windows_that_count_are_unsure_of_is_withdrawn) {
  Stream stream;
  stream.look(70, {{66, 70, 0.75}});
  stream.count(90, {{66, 70, 0.5}});
  check(stream.count(120, {}), 7, EventState::kWithdrawn, 66, 70);  // a mean of 0.25
}

GVL_TEST(an_event_stays_open_while_it_goes_on) {
  Stream stream;
  check(stream.look(70, {{66, 70, 0.75}}), 7, EventState::kOpen, 66, 70);
  for (int stop = 90; stop <= 240; stop += 30) {
    ck_assert(stream.look(stop - 5, {{std::max(66, stop - 65), stop - 5, 0.75}}).empty());
    ck_assert(stream.count(stop, {{std::max(66, stop - 60), stop, 0.75}}).empty());
  }
  ck_assert(stream.count(270, {{210, 250, 0.75}}).empty());
  check(stream.count(300, {}), 7, EventState::kClosed, 66, 250);
}

GVL_TEST(each_event_has_an_id_of_its_own) {
  Stream stream;
  check(stream.look(70, {{66, 70, 0.75}}), 7, EventState::kOpen, 66, 70);
  check(stream.look(85, {{66, 70, 0.75}, {80, 84, 0.75}}), 8, EventState::kOpen, 80, 84);
  // No look had found it.
  check(stream.count(90, {{40, 45, 0.8}, {66, 70, 0.8}, {80, 84, 0.8}}), 9, EventState::kClosed, 40, 45);
  const auto news = stream.count(120, {{66, 70, 0.8}, {80, 84, 0.8}});
  ck_assert_int_eq(news.size(), 2);
  ck_assert_int_eq(news[0].id, 7);
  ck_assert_int_eq(news[1].id, 8);
  for (const auto& each : news) ck_assert(each.state == EventState::kClosed);
}

GVL_TEST(what_was_open_in_vain_is_withdrawn_at_the_end) {
  Stream stream;
  stream.look(70, {{66, 70, 0.75}});
  check(stream.finish(), 7, EventState::kWithdrawn, 66, 70);
}

GVL_TEST(closed_events_are_the_same_without_looks) {
  Stream with, without;
  const std::vector<std::vector<Found>> said = {
      {{40, 45, 0.5}}, {{66, 90, 0.8}, {40, 46, 0.6}}, {{66, 120, 0.7}}, {{90, 130, 0.6}}, {}};
  std::vector<EventNews> closed[2];
  for (std::size_t i = 0; i < said.size(); ++i) {
    const int stop = 60 + 30 * static_cast<int>(i);
    for (const auto& each : with.look(stop - 5, {{stop - 15, stop - 5, 0.9}}))
      ck_assert(each.state != EventState::kClosed);
    for (const auto& each : with.count(stop, said[i]))
      if (each.state == EventState::kClosed) closed[0].push_back(each);
    for (const auto& each : without.count(stop, said[i]))
      if (each.state == EventState::kClosed) closed[1].push_back(each);
  }
  ck_assert_int_eq(closed[0].size(), closed[1].size());
  ck_assert_int_eq(closed[0].size(), 2);
  for (std::size_t i = 0; i < closed[0].size(); ++i) {
    ck_assert(closed[0][i].event.start == closed[1][i].event.start);
    ck_assert(closed[0][i].event.stop == closed[1][i].event.stop);
    ck_assert_double_eq(closed[0][i].event.confidence, closed[1][i].event.confidence);
  }
}

GVL_TEST(a_query_that_is_asked_no_more_leaves_nothing_open) {
  EventFeed feed([id = std::uint64_t{0}]() mutable { return id++; });
  const auto window = [](std::uint64_t index) {
    FedWindow window;
    window.index = index;
    window.start = 60s * static_cast<int>(index);
    window.stop = window.start + 60s;
    window.settled = window.stop;
    window.alerts = true;
    return window;
  };
  Answer answer;
  answer.query = kWhen;
  answer.intervals = {{50, 60, 0.9, ""}};
  check(feed.add(window(0), answer).events, 0, EventState::kOpen, 50, 60);
  answer.query.text = "another";
  answer.intervals.clear();
  feed.add(window(1), answer);
  // The event that was held back is told then.
  check(feed.add(window(2), answer).events, 0, EventState::kClosed, 50, 60);
  ck_assert(feed.finish().events.empty());
}

}  // namespace
