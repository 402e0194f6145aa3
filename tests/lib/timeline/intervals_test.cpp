/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdint>
#include <string>
#include <vector>

#include "timeline/interval_merger.hpp"

// Last: it makes `fail` a macro.
#include <gst/check/gstcheck.h>

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
  fail_unless_equals_int(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    fail_unless_equals_int(got[i].start, expected[i].start);
    fail_unless_equals_int(got[i].stop, expected[i].stop);
    fail_unless_equals_float(got[i].confidence, expected[i].confidence);
  }
}

GST_START_TEST(an_event_is_told_as_soon_as_no_later_window_shows_it) {
  IntervalMerger merger;
  check_said(said(merger.add(window(0), kQuery, {finding(0, 10, 30, 0.5), finding(0, 40, 60, 0.5)})), {{10, 30, 0.5}});
  check_said(said(merger.add(window(1), kQuery, {})), {{40, 60, 0.5}});
  check_said(said(merger.finish()), {});
}
GST_END_TEST;

GST_START_TEST(the_more_confident_of_two_gives_the_times) {
  for (const double second : {0.4, 0.6}) {
    IntervalMerger merger;
    check_said(said(merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)})), {});
    check_said(said(merger.add(window(1), kQuery, {finding(1, 64, 90, second)})),
               {second > 0.5 ? Said{64, 90, 0.55} : Said{60, 80, 0.45}});
    check_said(said(merger.finish()), {});
  }
}
GST_END_TEST;

GST_START_TEST(less_than_half_in_common_are_two_events) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 55, 75, 0.5)});
  check_said(said(merger.add(window(1), kQuery, {finding(1, 66, 120, 0.6)})), {{55, 75, 0.25}});
  check_said(said(merger.finish()), {{66, 120, 0.6}});
}
GST_END_TEST;

GST_START_TEST(what_an_edge_cuts_is_joined) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 70, 100, 0.3)});
  merger.add(window(1), kQuery, {finding(1, 71, 150, 0.8)});
  const auto events = merger.add(window(2), kQuery, {finding(2, 100, 180, 0.7)});
  check_said(said(events), {});
  const auto end = merger.finish();
  check_said(said(end), {{70, 180, 0.6}});
  fail_unless(end[0].finding.joined);
  fail_unless_equals_int(count(end[0].finding.window_start), 0);
  fail_unless_equals_int(count(end[0].finding.window_stop), 200);
}
GST_END_TEST;

GST_START_TEST(windows_that_do_not_find_what_they_show_count) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)});
  check_said(said(merger.add(window(1), kQuery, {finding(1, 110, 130, 0.4)})), {{60, 80, 0.25}});
  // Later or earlier, and not where they show but a part.
  check_said(said(merger.add(window(2), kQuery, {finding(2, 130, 140, 0.4), finding(2, 145, 190, 0.3)})),
             {{110, 130, 0.2}, {130, 140, 0.2}});
  check_said(said(merger.finish()), {{145, 190, 0.3}});
}
GST_END_TEST;

GST_START_TEST(findings_of_one_window_stay_apart) {
  IntervalMerger merger;
  const auto events = merger.add(window(0), kQuery, {finding(0, 10, 30, 0.5), finding(0, 10, 30, 0.6)});
  check_said(said(events), {{10, 30, 0.5}, {10, 30, 0.6}});
}
GST_END_TEST;

GST_START_TEST(an_event_is_told_once) {
  IntervalMerger merger;
  check_said(said(merger.add(window(0), kQuery, {finding(0, 20, 40, 0.5)})), {{20, 40, 0.5}});
  // The last window of a stream may begin earlier than those before it said.
  MergedWindow last = window(1);
  last.start = Time(20);
  last.settled.reset();
  check_said(said(merger.add(last, kQuery, {finding(1, 22, 40, 0.9)})), {});
  check_said(said(merger.finish()), {});
}
GST_END_TEST;

GST_START_TEST(what_is_held_back_is_told_when_its_query_is_asked_no_more) {
  IntervalMerger merger;
  const IntervalMerger::Key other{Task::kGrounding, "other"};
  merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)});
  check_said(said(merger.add(window(1), other, {})), {});
  check_said(said(merger.add(window(2), other, {})), {{60, 80, 0.5}});
  // And when the stream is elsewhere.
  merger.add(window(3), other, {finding(3, 210, 240, 0.5)});
  check_said(said(merger.add(window(9), kQuery, {})), {{210, 240, 0.5}});
}
GST_END_TEST;

}  // namespace

static Suite* intervals_suite() {
  Suite* suite = suite_create("intervals");
  TCase* tests = tcase_create("intervals");
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, an_event_is_told_as_soon_as_no_later_window_shows_it);
  tcase_add_test(tests, the_more_confident_of_two_gives_the_times);
  tcase_add_test(tests, less_than_half_in_common_are_two_events);
  tcase_add_test(tests, what_an_edge_cuts_is_joined);
  tcase_add_test(tests, windows_that_do_not_find_what_they_show_count);
  tcase_add_test(tests, findings_of_one_window_stay_apart);
  tcase_add_test(tests, an_event_is_told_once);
  tcase_add_test(tests, what_is_held_back_is_told_when_its_query_is_asked_no_more);
  return suite;
}

GST_CHECK_MAIN(intervals);
