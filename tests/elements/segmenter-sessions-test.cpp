/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlsegmenter alone: what flushes, jumps and gaps end, rates, directions, and the times of it all.

#include "gvl/sampling.hpp"
#include "segments.hpp"

using namespace gvl::test;

namespace {

// ---- where a session ends --------------------------------------------------------------------------------------

// Nobody asks for the hours in which nothing came, nor for minutes of a live stream.
GVL_TEST(behind_a_long_gap_another_session_begins) {
  for (const bool live : {false, true}) {
    auto settings = options();
    settings.live = live;
    Stream stream("gvlsegmenter window-duration=2000000000 window-overlap=0 max-pending=100", settings);
    const int gap = live ? 110 : 100000;
    stream.push_range(0, 50);
    for (int i = 0; i < 50; ++i) stream.push_at(i, (gap + i) * 40 * GST_MSECOND);
    stream.eos();
    const auto segments = stream.take_segments();
    fail_unless_equals_int(segments.size(), 4);
    const GstClockTime begin = gap * 40 * GST_MSECOND;
    check_window(part(segments, 0, 2), 0, 0, 2 * GST_SECOND);
    check_window(part(segments, 2, 2), 0, begin, begin + 2 * GST_SECOND);
    fail_unless(segments[2].sequence > segments[1].sequence);
  }
}

// A small step back is no end of the video.
GVL_TEST(steps_back_at_the_end_end_nothing_early) {
  Stream stream("gvlsegmenter window-duration=400000000 window-overlap=0", options());
  stream.push_range(0, 24);
  for (const int late : {16, 8}) stream.push_at(late, late * 40 * GST_MSECOND);
  stream.eos();
  GstClockTime seen = 0;
  for (const auto& segment : stream.take_segments()) {
    fail_unless_equals_uint64(segment.start, seen);
    fail_unless(segment.stop > segment.start);
    seen = segment.stop;
  }
  fail_unless_equals_uint64(seen, 24 * 40 * GST_MSECOND);
}

GVL_TEST(a_flush_drops_everything) {
  Stream stream("gvlsegmenter", options(2 * GST_SECOND));
  stream.push_range(0, 20);
  int buffers = 0;
  stream.take_segments(&buffers);
  stream.flush();
  stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 19);
  stream.new_segment(1, 1, GST_SECOND, GST_CLOCK_TIME_NONE, GST_SECOND);
  stream.push_range(25, 50);
  stream.eos();
  buffers = 0;
  const auto segments = stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 25);
  // What is left to play is the window.
  check_window(segments, 0, GST_SECOND, 2 * GST_SECOND);
  fail_unless_equals_uint64(segments[0].sequence, 1);
  auto expected = expected_values(25);
  for (auto& value : expected) value += 25;
  check_equal(values(segments), expected);
}

GVL_TEST(a_jump_ends_the_window) {
  Stream stream("gvlsegmenter", options(100 * GST_SECOND));
  stream.push_range(0, 60);
  stream.new_segment(1, 1, 50 * GST_SECOND, 51 * GST_SECOND, 50 * GST_SECOND);
  for (int i = 0; i < 25; ++i) stream.push_at(i, 50 * GST_SECOND + i * 40 * GST_MSECOND);
  stream.eos();
  int buffers = 0;
  // The buffer before the jump was gone when it came.
  const auto segments = take_from_events(stream), after = stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 85);
  check_window(segments, 0, 0, 60 * 40 * GST_MSECOND);
  check_window(after, 0, 50 * GST_SECOND, 51 * GST_SECOND);
  fail_unless(after[0].session > segments[0].session);
  check_equal(values(after), expected_values(25));
}

GVL_TEST(a_session_too_short_to_be_answered_is_counted) {
  Stream stream("gvlsegmenter name=s", options(100 * GST_SECOND));
  stream.push_range(0, 10);
  stream.new_segment(1, 1, 50 * GST_SECOND, 51 * GST_SECOND, 50 * GST_SECOND);
  for (int i = 0; i < 25; ++i) stream.push_at(i, 50 * GST_SECOND + i * 40 * GST_MSECOND);
  stream.eos();
  check_window(stream.take_segments(), 0, 50 * GST_SECOND, 51 * GST_SECOND);
  fail_unless_equals_uint64(stat_of(stream.element("s"), "short-sessions"), 1);
}

GVL_TEST(a_segment_that_goes_on_is_no_jump) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push_range(0, 10);
  stream.new_segment(1, 1, 400 * GST_MSECOND, GST_CLOCK_TIME_NONE, 400 * GST_MSECOND);
  stream.push_range(10, 25);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(segments, 0, 0, GST_SECOND);
  check_equal(values(segments), expected_values(25));
}

GVL_TEST(times_that_step_back_begin_anew) {
  Stream stream("gvlsegmenter window-duration=10000000000 window-overlap=0", options());
  stream.push_range(0, 60);
  stream.push_range(0, 60);
  stream.eos();
  const auto segments = stream.take_segments();
  fail_unless_equals_int(segments.size(), 2 * kSegments);
  check_window(part(segments, 0, 2), 0, 0, 2400 * GST_MSECOND);
  check_window(part(segments, 2, 2), 0, 0, 2400 * GST_MSECOND);
  fail_unless(segments[2].session > segments[0].session);
}

GVL_TEST(a_new_stream_ends_the_one_before) {
  Stream stream("gvlsegmenter", options(2 * GST_SECOND));
  stream.push_range(0, 25);
  stream.send(gst_event_new_stream_start("next"));
  int buffers = 0;
  stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 25);
  // The window was begun as one of two seconds: that of one comes by itself.
  check_window(take_from_events(stream), 0, 0, GST_SECOND);
}

GVL_TEST(a_gap_before_the_end_keeps_the_tail) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push_range(0, 9);
  stream.send(gst_event_new_gap(360 * GST_MSECOND, 600 * GST_MSECOND));
  fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), 9);
  fail_unless(stream.take_segments().empty());
  stream.eos();
  check_window(take_from_events(stream), 0, 0, 360 * GST_MSECOND);
}

// ---- times that no video has -----------------------------------------------------------------------------------

void push_around(Stream& stream, GstClockTime time) {
  for (const int step : {-3, -2, -1, 0, 1}) {
    GstBuffer* frame = make_frame(stream.info(), 1, time + step * GST_SECOND, GST_CLOCK_TIME_NONE - 1);
    fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
  }
}

void play_beyond_time(const std::string& rate, bool live, double direction, guint64 window) {
  constexpr GstClockTime last = G_MAXINT64, early = 4 * GST_SECOND;
  auto settings = with_caps(("video/x-raw,format=RGB,width=16,height=16,framerate=" + rate).c_str(), last);
  settings.live = live;
  Stream stream("gvlsegmenter alert-latency=1000000000 window-duration=" + std::to_string(window) + " ! " + kEncoders +
                    " ! gvlgroundedllm query=when",
                settings);
  stream.new_segment(direction, 1, 0, direction > 0 ? GST_CLOCK_TIME_NONE : last, 0);
  for (const GstClockTime time : {early, last / 2, last, last + early, early}) push_around(stream, time);
  stream.new_segment(direction, 1, last - 5 * GST_SECOND, last, last - 4 * GST_SECOND);
  push_around(stream, last);
  stream.new_segment(direction, 2, 0, last, last / 2);
  push_around(stream, last);
  stream.eos();
  stream.expect_no_error();
}

// They are no times, and nothing is computed of them: that was a division by zero.
GVL_TEST(times_that_no_video_has_do_no_harm) {
  for (const char* rate : {"25/1", "0/1", "1/2147483647", "2147483647/1"})
    for (const bool live : {false, true})
      for (const guint64 window : {guint64{0}, guint64{G_MAXINT64}}) {
        play_beyond_time(rate, live, 1, window);
        play_beyond_time(rate, live, -1, window);
      }
}

// ---- rates and directions --------------------------------------------------------------------------------------

GVL_TEST(times_are_stream_times) {
  Stream stream("gvlsegmenter", options(100 * GST_SECOND));
  stream.new_segment(1, 1, 5 * GST_SECOND, 6 * GST_SECOND, 42 * GST_SECOND);
  for (int i = 0; i < 25; ++i) stream.push_at(i, 5 * GST_SECOND + i * 40 * GST_MSECOND);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(segments, 0, 42 * GST_SECOND, 43 * GST_SECOND);
  check_equal(values(segments), expected_values(25));
  const auto indices = gvl::sample_indices(kSamples, 25);
  fail_unless_equals_uint64(segments[0].times[0], 42 * GST_SECOND + indices[0] * 40 * GST_MSECOND);
}

GVL_TEST(a_rate_of_two_leaves_stream_times_alone) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.new_segment(2.0, 1, 0, GST_SECOND, 0);
  stream.push_range(0, 25);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(segments, 0, 0, GST_SECOND);
  check_equal(values(segments), expected_values(25));
}

GVL_TEST(an_applied_rate_of_two_covers_twice_the_time) {
  Stream stream("gvlsegmenter", options(2 * GST_SECOND));
  stream.new_segment(1, 2.0, 0, GST_SECOND, 0);
  stream.push_range(0, 25);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(segments, 0, 0, 2 * GST_SECOND);
  // Every other of fifty frames came, and was shown until the next.
  std::vector<int> expected;
  for (const auto index : gvl::sample_indices(kSamples, 50)) expected.push_back(static_cast<int>(index / 2));
  check_equal(values(segments), expected);
}

void check_backward(Stream& stream) {
  const auto segments = stream.take_segments();
  fail_unless_equals_int(segments.size(), kSegments);
  fail_unless_equals_uint64(segments[0].number, 0);
  check_window({segments[1], segments[0]}, 0, 0, GST_SECOND);
  check_equal(values({segments[1], segments[0]}), expected_values(25));
}

GVL_TEST(backwards_segments_come_last_first) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.new_segment(-1, 1, 0, GST_SECOND, 0);
  for (int i = 24; i >= 0; --i) stream.push(i);
  stream.eos();
  check_backward(stream);
}

GVL_TEST(an_applied_rate_of_minus_one_runs_backwards) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.new_segment(1, -1, 0, GST_SECOND, 0);
  // The frame stamped 40 ms begins at 960 ms of the stream.
  for (int i = 24; i >= 0; --i) stream.push_at(i, (25 - i) * 40 * GST_MSECOND);
  stream.eos();
  check_backward(stream);
}

GVL_TEST(backwards_windows_lie_side_by_side) {
  Stream stream("gvlsegmenter window-duration=400000000 window-overlap=0", options(GST_SECOND));
  stream.new_segment(-1, 1, 0, 800 * GST_MSECOND, 0);
  for (int i = 19; i >= 0; --i) stream.push(i);
  stream.eos();
  const auto segments = stream.take_segments();
  fail_unless_equals_int(segments.size(), 2 * kSegments);
  check_window({segments[1], segments[0]}, 0, 400 * GST_MSECOND, 800 * GST_MSECOND);
  check_window({segments[3], segments[2]}, 1, 0, 400 * GST_MSECOND);
  check_equal(values({segments[3], segments[2]}), expected_values(10));
}

}  // namespace
