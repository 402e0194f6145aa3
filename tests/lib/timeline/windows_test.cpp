/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <numeric>
#include <string>
#include <vector>

#include "timeline/window_assembler.hpp"

// Last: it makes `fail` a macro.
#include <gst/check/gstcheck.h>

using gvl::Future;
using gvl::Tensor;
using gvl::timeline::AssembledWindow;
using gvl::timeline::Time;
using gvl::timeline::WindowAssembler;

namespace {

int count(Time time) { return static_cast<int>(time.count()); }

WindowAssembler::Segment segment(std::uint64_t number) {
  return {Future<Tensor>::of(Tensor()), Time(number * 10), Time((number + 1) * 10)};
}

std::vector<int> starts(const std::vector<AssembledWindow>& windows) {
  std::vector<int> starts;
  for (const auto& window : windows) starts.push_back(count(window.segments.front().start));
  return starts;
}

// Adds the segments of these numbers and ends the run; the start of each window.
std::vector<int> starts_of(WindowAssembler assembler, const std::vector<std::uint64_t>& numbers) {
  std::vector<AssembledWindow> all;
  for (const auto number : numbers) {
    fail_unless(assembler.follows(number));
    for (auto& window : assembler.add(number, segment(number))) all.push_back(std::move(window));
  }
  if (auto last = assembler.last()) all.push_back(std::move(*last));
  return starts(all);
}

std::vector<std::uint64_t> numbers(std::uint64_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

void check_starts(const std::vector<int>& got, const std::vector<int>& expected, const char* what) {
  std::string text;
  for (const auto start : got) text.append(" ").append(std::to_string(start));
  fail_unless(got == expected, "%s:%s", what, text.c_str());
}

GST_START_TEST(the_last_window_ends_with_the_run) {
  check_starts(starts_of({4, 4, false}, numbers(8)), {0, 40}, "side by side");
  check_starts(starts_of({4, 4, false}, numbers(9)), {0, 40, 50}, "side by side, cut short");
  check_starts(starts_of({4, 2, false}, numbers(8)), {0, 20, 40}, "half");
  check_starts(starts_of({4, 2, false}, numbers(9)), {0, 20, 40, 50}, "half, and one more");
  check_starts(starts_of({4, 3, false}, numbers(9)), {0, 30, 50}, "a quarter, and two more");
  check_starts(starts_of({4, 1, false}, numbers(6)), {0, 10, 20}, "three quarters");
  check_starts(starts_of({4, 2, false}, numbers(3)), {0}, "less than a window");
  check_starts(starts_of({4, 2, false}, {}), {}, "nothing");
}
GST_END_TEST;

GST_START_TEST(what_was_left_out_is_stood_in_for) {
  WindowAssembler assembler(4, 2, false);
  fail_unless(assembler.add(0, segment(0)).empty());
  const auto windows = assembler.add(3, segment(3));
  fail_unless_equals_int(windows.size(), 1);
  const auto& segments = windows[0].segments;
  const bool stood_in[] = {false, true, true, false};
  for (int i = 0; i < 4; ++i) {
    fail_unless_equals_int(segments[i].stood_in, stood_in[i]);
    fail_unless_equals_int(count(segments[i].start), i * 10);
    fail_unless_equals_int(count(segments[i].stop), (i + 1) * 10);
    fail_unless(windows[0].tokens[i].valid());
  }
  fail_unless_equals_int(count(windows[0].settled.value()), 20);
  // Those at the end are taken to be as long as their neighbour, and so are those at the start.
  const auto last = WindowAssembler(4, 4, false).last();
  fail_if(last.has_value());
  WindowAssembler late(4, 4, false);
  late.add(2, segment(2));
  const auto window = late.last();
  fail_unless(window.has_value());
  fail_unless_equals_int(count(window->segments[0].start), 0);
  fail_unless_equals_int(count(window->segments[3].start), 30);
  fail_unless_equals_int(count(window->segments[3].stop), 40);
  // A window of which nothing came is none.
  check_starts(starts_of({2, 2, false}, {0, 1, 6}), {0, 50}, "two windows without segments");
  fail_if(WindowAssembler(2, 2, false).follows(1000));
}
GST_END_TEST;

GST_START_TEST(backwards_segments_are_put_in_stream_order) {
  WindowAssembler assembler(2, 2, true);
  assembler.add(0, segment(7));
  const auto windows = assembler.add(1, segment(6));
  check_starts(starts(windows), {60}, "backwards");
  fail_unless_equals_int(count(windows[0].segments[1].start), 70);
  fail_if(windows[0].settled.has_value());
}
GST_END_TEST;

}  // namespace

static Suite* windows_suite() {
  Suite* suite = suite_create("windows");
  TCase* tests = tcase_create("windows");
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, the_last_window_ends_with_the_run);
  tcase_add_test(tests, what_was_left_out_is_stood_in_for);
  tcase_add_test(tests, backwards_segments_are_put_in_stream_order);
  return suite;
}

GST_CHECK_MAIN(windows);
