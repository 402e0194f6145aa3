/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <numeric>
#include <string>
#include <vector>

#include "support/testing.hpp"
#include "timeline/window_assembler.hpp"

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

// Adds the segments of these numbers and ends the sequence; the start of each window.
std::vector<int> starts_of(WindowAssembler assembler, const std::vector<std::uint64_t>& numbers) {
  std::vector<AssembledWindow> all;
  for (const auto number : numbers) {
    ck_assert(assembler.follows(number));
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
  ck_assert_msg(got == expected, "%s:%s", what, text.c_str());
}

GVL_TEST(the_last_window_ends_with_the_run) {
  check_starts(starts_of({4, 4, false}, numbers(8)), {0, 40}, "side by side");
  check_starts(starts_of({4, 4, false}, numbers(9)), {0, 40, 50}, "side by side, cut short");
  check_starts(starts_of({4, 2, false}, numbers(8)), {0, 20, 40}, "half");
  check_starts(starts_of({4, 2, false}, numbers(9)), {0, 20, 40, 50}, "half, and one more");
  check_starts(starts_of({4, 3, false}, numbers(9)), {0, 30, 50}, "a quarter, and two more");
  check_starts(starts_of({4, 1, false}, numbers(6)), {0, 10, 20}, "three quarters");
  check_starts(starts_of({4, 2, false}, numbers(3)), {0}, "less than a window");
  check_starts(starts_of({4, 2, false}, {}), {}, "nothing");
}

GVL_TEST(what_was_dropped_is_substituted) {
  WindowAssembler assembler(4, 2, false);
  ck_assert(assembler.add(0, segment(0)).empty());
  const auto windows = assembler.add(3, segment(3));
  ck_assert_int_eq(windows.size(), 1);
  const auto& segments = windows[0].segments;
  const bool substituted[] = {false, true, true, false};
  for (int i = 0; i < 4; ++i) {
    ck_assert_int_eq(segments[i].substituted, substituted[i]);
    ck_assert_int_eq(count(segments[i].start), i * 10);
    ck_assert_int_eq(count(segments[i].stop), (i + 1) * 10);
    ck_assert(windows[0].tokens[i].valid());
  }
  ck_assert_int_eq(count(windows[0].settled.value()), 20);
  // Those at the end are taken to be as long as their neighbour, and so are those at the start.
  const auto last = WindowAssembler(4, 4, false).last();
  ck_assert(!last.has_value());
  WindowAssembler late(4, 4, false);
  late.add(2, segment(2));
  const auto window = late.last();
  ck_assert(window.has_value());
  ck_assert_int_eq(count(window->segments[0].start), 0);
  ck_assert_int_eq(count(window->segments[3].start), 30);
  ck_assert_int_eq(count(window->segments[3].stop), 40);
  // A window of which nothing came is none.
  check_starts(starts_of({2, 2, false}, {0, 1, 6}), {0, 50}, "two windows without segments");
  ck_assert(!WindowAssembler(2, 2, false).follows(1000));
}

GVL_TEST(backwards_segments_are_put_in_stream_order) {
  WindowAssembler assembler(2, 2, true);
  assembler.add(0, segment(7));
  const auto windows = assembler.add(1, segment(6));
  check_starts(starts(windows), {60}, "backwards");
  ck_assert_int_eq(count(windows[0].segments[1].start), 70);
  ck_assert(!windows[0].settled.has_value());
}

}  // namespace
