/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdint>
#include <string>
#include <vector>

#include "support/testing.hpp"
#include "timeline/interval_merger.hpp"

using gvl::Task;
using gvl::timeline::Finding;
using gvl::timeline::IntervalMerger;
using gvl::timeline::MergedWindow;
using gvl::timeline::Time;

namespace {

int count(Time time) { return static_cast<int>(time.count()); }

const IntervalMerger::Key kQuery{Task::kGrounding, "when"};

MergedWindow window(std::uint64_t index) {
  const auto start = static_cast<std::int64_t>(index) * 50;
  return {.index = index,
          .start = Time(start),
          .stop = Time(start + 100),
          .settled = Time(start + 50),
          .resolution = Time(1)};
}

Finding finding(std::uint64_t index, int start, int stop, double confidence) {
  const auto about = window(index);
  return {Time(start), Time(stop), confidence, std::to_string(index), false, about.start, about.stop};
}

struct Said {
  int start, stop;
  double confidence;
};

std::vector<Said> said(const std::vector<IntervalMerger::Event>& events) {
  std::vector<Said> all;
  for (const auto& event : events)
    all.push_back({count(event.finding.start), count(event.finding.stop), event.finding.confidence});
  return all;
}

void check_said(const std::vector<Said>& got, const std::vector<Said>& expected) {
  ck_assert_int_eq(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ck_assert_int_eq(got[i].start, expected[i].start);
    ck_assert_int_eq(got[i].stop, expected[i].stop);
    ck_assert_double_eq(got[i].confidence, expected[i].confidence);
  }
}

GVL_TEST(an_event_is_emitted_as_soon_as_no_later_window_shows_it) {
  IntervalMerger merger;
  check_said(said(merger.add(window(0), kQuery, {finding(0, 10, 30, 0.5), finding(0, 40, 60, 0.5)})), {{10, 30, 0.5}});
  check_said(said(merger.add(window(1), kQuery, {})), {{40, 60, 0.5}});
  check_said(said(merger.finish()), {});
}

GVL_TEST(the_more_confident_of_two_gives_the_times) {
  for (const double second : {0.4, 0.6}) {
    IntervalMerger merger;
    check_said(said(merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)})), {});
    check_said(said(merger.add(window(1), kQuery, {finding(1, 64, 90, second)})),
               {second > 0.5 ? Said{64, 90, 0.55} : Said{60, 80, 0.45}});
    check_said(said(merger.finish()), {});
  }
}

GVL_TEST(less_than_half_in_common_are_two_events) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 55, 75, 0.5)});
  check_said(said(merger.add(window(1), kQuery, {finding(1, 66, 120, 0.6)})), {{55, 75, 0.25}});
  check_said(said(merger.finish()), {{66, 120, 0.6}});
}

GVL_TEST(what_an_edge_cuts_is_joined) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 70, 100, 0.3)});
  merger.add(window(1), kQuery, {finding(1, 71, 150, 0.8)});
  const auto events = merger.add(window(2), kQuery, {finding(2, 100, 180, 0.7)});
  check_said(said(events), {});
  const auto end = merger.finish();
  check_said(said(end), {{70, 180, 0.6}});
  ck_assert(end[0].finding.joined);
  ck_assert_int_eq(count(end[0].finding.window_start), 0);
  ck_assert_int_eq(count(end[0].finding.window_stop), 200);
}

GVL_TEST(an_event_is_as_long_as_the_windows_that_are_full_of_it) {
  IntervalMerger merger;
  // The model is a little off at the edges.
  const auto edged = [](std::uint64_t index) {
    auto about = window(index);
    about.edge = Time(5);
    return about;
  };
  check_said(said(merger.add(edged(0), kQuery, {finding(0, 60, 97, 0.5)})), {});
  check_said(said(merger.add(edged(1), kQuery, {finding(1, 53, 148, 0.5)})), {});
  check_said(said(merger.add(edged(2), kQuery, {finding(2, 100, 200, 0.5)})), {});
  check_said(said(merger.add(edged(3), kQuery, {finding(3, 152, 247, 0.5)})), {});
  check_said(said(merger.add(edged(4), kQuery, {finding(4, 203, 240, 0.5)})), {});
  check_said(said(merger.add(edged(5), kQuery, {})), {{53, 247, 0.5}});
  check_said(said(merger.finish()), {});
}

GVL_TEST(windows_side_by_side_that_are_full_of_it_are_one_event) {
  IntervalMerger merger;
  for (std::uint64_t index = 0; index < 10; index += 2) {
    MergedWindow about = window(index);
    about.index = index / 2;
    about.settled = about.stop;
    about.edge = Time(5);
    const int start = static_cast<int>(index) * 50;
    check_said(said(merger.add(about, kQuery, {finding(index, start + 2, start + 98, 0.5)})), {});
  }
  check_said(said(merger.finish()), {{2, 498, 0.5}});
}

GVL_TEST(what_turns_out_to_be_one_event_is_told_once) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 55, 65, 0.5), finding(0, 85, 100, 0.5)});
  // Both lie in what the next window sees.
  check_said(said(merger.add(window(1), kQuery, {finding(1, 50, 120, 0.75)})), {});
  const auto end = merger.finish();
  ck_assert_int_eq(end.size(), 1);
  ck_assert_int_eq(count(end[0].finding.start), 50);
  ck_assert_int_eq(count(end[0].finding.stop), 120);
}

GVL_TEST(windows_that_do_not_find_what_they_show_count) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)});
  check_said(said(merger.add(window(1), kQuery, {finding(1, 110, 130, 0.4)})), {{60, 80, 0.25}});
  // Later or earlier, and not where they show but a part.
  check_said(said(merger.add(window(2), kQuery, {finding(2, 130, 140, 0.4), finding(2, 145, 190, 0.3)})),
             {{110, 130, 0.2}, {130, 140, 0.2}});
  check_said(said(merger.finish()), {{145, 190, 0.3}});
}

GVL_TEST(findings_of_one_window_stay_apart) {
  IntervalMerger merger;
  const auto events = merger.add(window(0), kQuery, {finding(0, 10, 30, 0.5), finding(0, 10, 30, 0.6)});
  check_said(said(events), {{10, 30, 0.5}, {10, 30, 0.6}});
}

GVL_TEST(an_event_is_emitted_once) {
  IntervalMerger merger;
  check_said(said(merger.add(window(0), kQuery, {finding(0, 20, 40, 0.5)})), {{20, 40, 0.5}});
  // The last window of a stream may begin earlier than those before it said.
  MergedWindow last = window(1);
  last.start = Time(20);
  last.settled.reset();
  check_said(said(merger.add(last, kQuery, {finding(1, 22, 40, 0.9)})), {});
  check_said(said(merger.finish()), {});
}

GVL_TEST(what_is_held_back_is_emitted_when_its_query_is_asked_no_more) {
  IntervalMerger merger;
  const IntervalMerger::Key other{Task::kGrounding, "other"};
  merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)});
  check_said(said(merger.add(window(1), other, {})), {});
  check_said(said(merger.add(window(2), other, {})), {{60, 80, 0.5}});
  // And when the stream is elsewhere.
  merger.add(window(3), other, {finding(3, 210, 240, 0.5)});
  check_said(said(merger.add(window(9), kQuery, {})), {{210, 240, 0.5}});
}

}  // namespace
