/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Windows that overlap: which segments they are of, and what becomes of what several of them say.

#include <algorithm>
#include <numeric>

#include "fake-model.hpp"
#include "gvlevent.h"
#include "gvlfuser/window-assembler.hpp"
#include "gvlgroundedllm/interval-merger.hpp"
#include "stream.hpp"

using gvl::Future;
using gvl::Task;
using gvl::Tensor;
using gvl::gst::AssembledWindow;
using gvl::gst::Finding;
using gvl::gst::IntervalMerger;
using gvl::gst::MergedWindow;
using gvl::gst::WindowAssembler;
using gvl::test::FakeModel;
using gvl::test::Stream;
using gvl::test::uint64_of;
using Job = gvl::test::FakeModel::Job;

namespace {

// ---- which segments ---------------------------------------------------------------------------------------------

WindowAssembler::Segment segment(guint64 number) {
  return {Future<Tensor>::of(Tensor()), number * 10, (number + 1) * 10};
}

std::vector<GstClockTime> starts(const std::vector<AssembledWindow>& windows) {
  std::vector<GstClockTime> starts;
  for (const auto& window : windows) starts.push_back(window.segments.front().start);
  return starts;
}

// Adds the segments of these numbers and ends the run; the start of each window.
std::vector<GstClockTime> starts_of(WindowAssembler assembler, const std::vector<guint64>& numbers) {
  std::vector<AssembledWindow> all;
  for (const auto number : numbers) {
    fail_unless(assembler.follows(number));
    for (auto& window : assembler.add(number, segment(number))) all.push_back(std::move(window));
  }
  if (auto last = assembler.last()) all.push_back(std::move(*last));
  return starts(all);
}

std::vector<guint64> numbers(guint64 count) {
  std::vector<guint64> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

void check_starts(const std::vector<GstClockTime>& got, const std::vector<GstClockTime>& expected, const char* what) {
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
GST_END_TEST

GST_START_TEST(what_was_left_out_is_stood_in_for) {
  WindowAssembler assembler(4, 2, false);
  fail_unless(assembler.add(0, segment(0)).empty());
  const auto windows = assembler.add(3, segment(3));
  fail_unless_equals_int(windows.size(), 1);
  const auto& segments = windows[0].segments;
  const gboolean stood_in[] = {FALSE, TRUE, TRUE, FALSE};
  for (int i = 0; i < 4; ++i) {
    fail_unless_equals_int(segments[i].stood_in, stood_in[i]);
    fail_unless_equals_uint64(segments[i].start, i * 10);
    fail_unless_equals_uint64(segments[i].stop, (i + 1) * 10);
    fail_unless(windows[0].tokens[i].valid());
  }
  fail_unless_equals_uint64(windows[0].settled, 20);
  // Those at the end are taken to be as long as their neighbour, and so are those at the start.
  const auto last = WindowAssembler(4, 4, false).last();
  fail_if(last.has_value());
  WindowAssembler late(4, 4, false);
  late.add(2, segment(2));
  const auto window = late.last();
  fail_unless(window.has_value());
  fail_unless_equals_uint64(window->segments[0].start, 0);
  fail_unless_equals_uint64(window->segments[3].start, 30);
  fail_unless_equals_uint64(window->segments[3].stop, 40);
  // A window of which nothing came is none.
  check_starts(starts_of({2, 2, false}, {0, 1, 6}), {0, 50}, "two windows without segments");
  fail_if(WindowAssembler(2, 2, false).follows(1000));
}
GST_END_TEST

GST_START_TEST(backwards_segments_are_put_in_stream_order) {
  WindowAssembler assembler(2, 2, true);
  assembler.add(0, segment(7));
  const auto windows = assembler.add(1, segment(6));
  check_starts(starts(windows), {60}, "backwards");
  fail_unless_equals_uint64(windows[0].segments[1].start, 70);
  fail_unless_equals_uint64(windows[0].settled, GST_CLOCK_TIME_NONE);
}
GST_END_TEST

// ---- what several windows say -----------------------------------------------------------------------------------

const IntervalMerger::Key kQuery{Task::kGrounding, "when"};

MergedWindow window(guint64 index) {
  return {.index = index, .start = index * 50, .stop = index * 50 + 100, .settled = index * 50 + 50, .resolution = 1};
}

Finding finding(guint64 index, GstClockTime start, GstClockTime stop, double confidence) {
  const auto about = window(index);
  return {start, stop, confidence, std::to_string(index), false, about.start, about.stop};
}

struct Said {
  GstClockTime start, stop;
  double confidence;
};

std::vector<Said> said(const std::vector<IntervalMerger::Event>& events) {
  std::vector<Said> all;
  for (const auto& event : events) all.push_back({event.finding.start, event.finding.stop, event.finding.confidence});
  return all;
}

void check_said(const std::vector<Said>& got, const std::vector<Said>& expected) {
  fail_unless_equals_int(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    fail_unless_equals_uint64(got[i].start, expected[i].start);
    fail_unless_equals_uint64(got[i].stop, expected[i].stop);
    fail_unless_equals_float(got[i].confidence, expected[i].confidence);
  }
}

GST_START_TEST(an_event_is_told_as_soon_as_no_later_window_shows_it) {
  IntervalMerger merger;
  check_said(said(merger.add(window(0), kQuery, {finding(0, 10, 30, 0.5), finding(0, 40, 60, 0.5)})), {{10, 30, 0.5}});
  check_said(said(merger.add(window(1), kQuery, {})), {{40, 60, 0.5}});
  check_said(said(merger.finish()), {});
}
GST_END_TEST

GST_START_TEST(the_more_confident_of_two_gives_the_times) {
  for (const double second : {0.4, 0.6}) {
    IntervalMerger merger;
    check_said(said(merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)})), {});
    check_said(said(merger.add(window(1), kQuery, {finding(1, 64, 90, second)})),
               {second > 0.5 ? Said{64, 90, 0.55} : Said{60, 80, 0.45}});
    check_said(said(merger.finish()), {});
  }
}
GST_END_TEST

GST_START_TEST(less_than_half_in_common_are_two_events) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 55, 75, 0.5)});
  check_said(said(merger.add(window(1), kQuery, {finding(1, 66, 120, 0.6)})), {{55, 75, 0.25}});
  check_said(said(merger.finish()), {{66, 120, 0.6}});
}
GST_END_TEST

GST_START_TEST(what_an_edge_cuts_is_joined) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 70, 100, 0.3)});
  merger.add(window(1), kQuery, {finding(1, 71, 150, 0.8)});
  const auto events = merger.add(window(2), kQuery, {finding(2, 100, 180, 0.7)});
  check_said(said(events), {});
  const auto end = merger.finish();
  check_said(said(end), {{70, 180, 0.6}});
  fail_unless(end[0].finding.joined);
  fail_unless_equals_uint64(end[0].finding.window_start, 0);
  fail_unless_equals_uint64(end[0].finding.window_stop, 200);
}
GST_END_TEST

GST_START_TEST(windows_that_do_not_find_what_they_show_count) {
  IntervalMerger merger;
  merger.add(window(0), kQuery, {finding(0, 60, 80, 0.5)});
  check_said(said(merger.add(window(1), kQuery, {finding(1, 110, 130, 0.4)})), {{60, 80, 0.25}});
  // Later or earlier, and not where they show but a part.
  check_said(said(merger.add(window(2), kQuery, {finding(2, 130, 140, 0.4), finding(2, 145, 190, 0.3)})),
             {{110, 130, 0.2}, {130, 140, 0.2}});
  check_said(said(merger.finish()), {{145, 190, 0.3}});
}
GST_END_TEST

GST_START_TEST(findings_of_one_window_stay_apart) {
  IntervalMerger merger;
  const auto events = merger.add(window(0), kQuery, {finding(0, 10, 30, 0.5), finding(0, 10, 30, 0.6)});
  check_said(said(events), {{10, 30, 0.5}, {10, 30, 0.6}});
}
GST_END_TEST

GST_START_TEST(an_event_is_told_once) {
  IntervalMerger merger;
  check_said(said(merger.add(window(0), kQuery, {finding(0, 20, 40, 0.5)})), {{20, 40, 0.5}});
  // The last window of a stream may begin earlier than those before it said.
  MergedWindow last = window(1);
  last.start = 20;
  last.settled = GST_CLOCK_TIME_NONE;
  check_said(said(merger.add(last, kQuery, {finding(1, 22, 40, 0.9)})), {});
  check_said(said(merger.finish()), {});
}
GST_END_TEST

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
GST_END_TEST

// ---- the elements -----------------------------------------------------------------------------------------------

struct Truth {
  double start, stop;
};

// Answers with what each window shows of the truth, the windows beginning at these seconds; where that is nothing, with
// a guess without confidence.
std::function<gvl::Answer(const gvl::Query&, double)> shows(std::vector<Truth> truth, std::vector<double> starts) {
  return [truth, starts, next = std::size_t{0}](const gvl::Query& query, double duration) mutable {
    gvl::Answer answer;
    answer.query = query;
    const double begin = starts.at(next++);
    for (const auto& [start, stop] : truth) {
      const double from = std::max(start - begin, 0.0), to = std::min(stop - begin, duration);
      if (from < to) answer.intervals.push_back({from, to, 0.5, ""});
    }
    if (answer.intervals.empty()) answer.intervals.push_back({0, duration, 0, ""});
    return answer;
  };
}

std::shared_ptr<FakeModel> model_of_four_segments() {
  auto config = gvl::test::small_config();
  config.segments = 4;
  config.frames = 16;
  return std::make_shared<FakeModel>(config);
}

const std::string kChain =
    std::string(" max-pending=100 ! ") + gvl::test::kEncoders + " ! gvlgroundedllm min-confidence=0.4 query=when";

void check_events(Stream& stream, const std::vector<Truth>& truth) {
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    fail_unless_equals_uint64(uint64_of(events[i].get(), "id"), i);
    fail_unless_equals_float(uint64_of(events[i].get(), "start") / 1e9, truth[i].start);
    fail_unless_equals_float(uint64_of(events[i].get(), "stop") / 1e9, truth[i].stop);
  }
}

GST_START_TEST(overlapping_windows_tell_each_event_once) {
  const auto model = model_of_four_segments();
  // The last event goes on to the video's end, which is no segment's.
  const std::vector<Truth> truth{{0.5, 1}, {3.25, 5}, {9.5, 9.75}, {10.5, 12.48}};
  model->answer_with(shows(truth, {0, 2, 4, 6, 8, 9}));
  gvl::test::StreamOptions options;
  options.model = model;
  Stream stream("gvlsegmenter window-duration=4000000000 window-overlap=0.5" + kChain, options);
  stream.push_range(0, 25 * 12 + 12);
  stream.eos();
  // Each segment is computed once; six windows read them. A job is done a little after its result is there.
  model->wait_done(Job::kAnswer, 6);
  fail_unless_equals_int(model->done(Job::kSpatial), 13);
  fail_unless_equals_int(model->done(Job::kTemporal), 13);
  fail_unless_equals_int(model->done(Job::kFuse), 13);
  fail_unless_equals_int(model->done(Job::kAnswer), 6);
  check_events(stream, truth);
  stream.expect_no_error();
}
GST_END_TEST

GST_START_TEST(an_event_in_two_hours_is_found) {
  const auto model = model_of_four_segments();
  const std::vector<Truth> truth{{3605, 3625}};
  std::vector<double> starts;
  for (int i = 0; i < 239; ++i) starts.push_back(i * 30);
  model->answer_with(shows(truth, starts));
  gvl::test::StreamOptions options;
  options.model = model;
  options.caps = "video/x-raw,format=RGB,width=32,height=24,framerate=1/1";
  options.duration = 7200 * GST_SECOND;
  Stream stream("gvlsegmenter" + kChain, options);
  for (int minute = 0; minute < 120; ++minute) {
    stream.push_range(minute * 60, minute * 60 + 60);
    stream.take_segments();
  }
  stream.eos();
  model->wait_done(Job::kAnswer, 239);
  fail_unless_equals_int(model->done(Job::kFuse), 480);
  fail_unless_equals_int(model->done(Job::kAnswer), 239);
  check_events(stream, truth);
}
GST_END_TEST

GST_START_TEST(side_by_side_an_event_is_joined_as_well) {
  const auto model = model_of_four_segments();
  const std::vector<Truth> truth{{3, 9}};
  model->answer_with(shows(truth, {0, 4, 8}));
  gvl::test::StreamOptions options;
  options.model = model;
  Stream stream("gvlsegmenter window-duration=4000000000 window-overlap=0" + kChain, options);
  stream.push_range(0, 25 * 12);
  stream.eos();
  check_events(stream, truth);
}
GST_END_TEST

GST_START_TEST(the_window_may_change_while_playing) {
  const auto model = model_of_four_segments();
  gvl::test::StreamOptions options;
  options.model = model;
  Stream stream("gvlsegmenter name=s window-duration=4000000000 window-overlap=0" + kChain, options);
  stream.push_range(0, 10);
  g_object_set(stream.element("s"), "window-duration", 2 * GST_SECOND, "window-overlap", 0.5, nullptr);
  stream.push_range(10, 25 * 8);
  stream.eos();
  std::vector<double> durations;
  for (const auto& asked : model->asked()) durations.push_back(asked.duration);
  fail_unless(durations == std::vector<double>({4, 2, 2, 2}), "%zu windows", durations.size());
}
GST_END_TEST

Suite* windows_suite() {
  Suite* suite = suite_create("windows");
  TCase* assembler = tcase_create("which segments");
  tcase_add_test(assembler, the_last_window_ends_with_the_run);
  tcase_add_test(assembler, what_was_left_out_is_stood_in_for);
  tcase_add_test(assembler, backwards_segments_are_put_in_stream_order);
  suite_add_tcase(suite, assembler);
  TCase* merger = tcase_create("what several windows say");
  tcase_add_test(merger, an_event_is_told_as_soon_as_no_later_window_shows_it);
  tcase_add_test(merger, the_more_confident_of_two_gives_the_times);
  tcase_add_test(merger, less_than_half_in_common_are_two_events);
  tcase_add_test(merger, what_an_edge_cuts_is_joined);
  tcase_add_test(merger, windows_that_do_not_find_what_they_show_count);
  tcase_add_test(merger, findings_of_one_window_stay_apart);
  tcase_add_test(merger, an_event_is_told_once);
  tcase_add_test(merger, what_is_held_back_is_told_when_its_query_is_asked_no_more);
  suite_add_tcase(suite, merger);
  TCase* elements = tcase_create("the elements");
  tcase_add_test(elements, overlapping_windows_tell_each_event_once);
  tcase_add_test(elements, an_event_in_two_hours_is_found);
  tcase_add_test(elements, side_by_side_an_event_is_joined_as_well);
  tcase_add_test(elements, the_window_may_change_while_playing);
  suite_add_tcase(suite, elements);
  return suite;
}

}  // namespace

int main(int argc, char** argv) { return gvl::test::check_main(argc, argv, __FILE__, windows_suite); }
