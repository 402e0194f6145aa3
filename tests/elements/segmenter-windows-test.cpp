/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlsegmenter alone: windows of files, of streams without an end, and of those that are shorter or longer than
// announced.

#include <algorithm>
#include <cstdlib>

#include "segments.hpp"

using namespace gvl::test;

namespace {

GVL_TEST(windows_lie_side_by_side) {
  Stream stream("gvlsegmenter window-duration=400000000 window-overlap=0", options(GST_SECOND));
  stream.push_range(0, 25);
  stream.eos();
  const auto segments = stream.take_segments();
  // The third window ends with the video: it begins in the second.
  fail_unless_equals_int(segments.size(), 2 * kSegments + 1);
  fail_unless_equals_uint64(segments[4].stop, GST_SECOND);
  const auto expected = expected_values(10);
  for (int w = 0; w < 2; ++w) {
    const auto window = part(segments, w * kSegments, kSegments);
    check_window(window, w, w * 400 * GST_MSECOND, (w + 1) * 400 * GST_MSECOND);
    auto shifted = expected;
    for (auto& value : shifted) value += w * 10;
    check_equal(values(window), shifted);
  }
  for (std::size_t i = 0; i < segments.size(); ++i) fail_unless_equals_uint64(segments[i].index, i);
}

GVL_TEST(a_partial_segment_ends_with_the_last_frame) {
  Stream stream("gvlsegmenter window-duration=800000000 window-overlap=0", options());
  stream.push_range(0, 29);
  stream.eos();
  const auto segments = stream.take_segments();
  fail_unless_equals_int(segments.size(), 3);
  fail_unless_equals_uint64(segments[2].start, 800 * GST_MSECOND);
  fail_unless_equals_uint64(segments[2].stop, 1160 * GST_MSECOND);
  // Samples of frames 21, 23, 26 and 28 are all there; spread over the nine frames that came.
  fail_unless_equals_int(segments[2].temporal.size(), kPerSegment);
  for (int i = 0; i < kPerSegment; ++i) {
    fail_unless(segments[2].temporal[i] >= 20 && segments[2].temporal[i] < 29);
    fail_unless(i == 0 || segments[2].temporal[i] >= segments[2].temporal[i - 1]);
  }
}

GVL_TEST(a_window_of_a_few_nanoseconds_is_an_error) {
  Stream stream("gvlsegmenter window-duration=10", options());
  fail_unless_equals_int(stream.push(0), GST_FLOW_ERROR);
  stream.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "(window-duration=10)");
}

GVL_TEST(one_frame_is_a_video) {
  for (const auto duration : {std::optional<GstClockTime>(40 * GST_MSECOND), std::optional<GstClockTime>()}) {
    Stream stream("gvlsegmenter", options(duration));
    stream.push(0);
    stream.eos();
    int buffers = 0;
    const auto segments = stream.take_segments(&buffers);
    fail_unless_equals_int(buffers, 1);
    check_window(segments, 0, 0, 40 * GST_MSECOND);
    check_equal(values(segments), std::vector<int>(kSamples, 0));
  }
}

GVL_TEST(long_files_are_divided_into_windows_that_end_with_them) {
  const char* caps = "video/x-raw,format=RGB,width=32,height=24,framerate=1/1";
  const GstClockTime second = GST_SECOND;
  const struct {
    int seconds;
    const char* overlap;
    std::vector<GstClockTime> starts, stops;
  } cases[] = {
      {120, "0.5", {0}, {120 * second}},
      {150, "0", {0, 50 * second, 100 * second}, {50 * second, 100 * second, 150 * second}},
      {150, "0.5", {0, 30 * second, 60 * second, 90 * second}, {60 * second, 90 * second, 120 * second, 150 * second}},
      {140, "0.5", {0, 28 * second, 56 * second, 84 * second}, {56 * second, 84 * second, 112 * second, 140 * second}}};
  for (const auto& [seconds, overlap, starts, stops] : cases) {
    Stream stream(std::string("gvlsegmenter max-pending=1000 window-overlap=") + overlap,
                  with_caps(caps, seconds * GST_SECOND));
    // A frame more than was announced is no window more.
    stream.push_range(0, seconds + 1);
    stream.eos();
    std::vector<GstClockTime> seen_starts, seen_stops;
    const auto segments = stream.take_segments();
    for (std::size_t i = 0; i + kSegments <= segments.size(); i += stream.sequence(segments[0].sequence).window_hop) {
      seen_starts.push_back(segments[i].start);
      seen_stops.push_back(segments[i + kSegments - 1].stop);
    }
    fail_unless(seen_starts == starts && seen_stops == stops, "%d s, overlap %s: %zu windows", seconds, overlap,
                seen_starts.size());
  }
}

GVL_TEST(no_frame_is_no_segment) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.eos();
  int buffers = 0;
  fail_unless(stream.take_segments(&buffers).empty());
  fail_unless_equals_int(buffers, 0);
  stream.expect_no_error();
}

GVL_TEST(unknown_zero_and_live_durations_make_windows_of_a_minute) {
  for (const bool live : {false, true}) {
    auto settings = options(live ? std::optional<GstClockTime>(GST_SECOND) : std::nullopt);
    settings.live = live;
    settings.caps = "video/x-raw,format=RGB,width=32,height=24,framerate=1/1";
    Stream stream("gvlsegmenter window-overlap=0 alert-latency=0 max-pending=1000", settings);
    stream.push_range(0, 125);
    stream.eos();
    const auto segments = stream.take_segments();
    check_window(part(segments, 0, 2), 0, 0, 60 * GST_SECOND);
    check_window(part(segments, 2, 2), 1, 60 * GST_SECOND, 120 * GST_SECOND);
    fail_unless_equals_int(segments.size(), 4);  // so little of a segment is not worth another answer
    check_equal(values(part(segments, 0, 2)), expected_values(60));
  }
}

GVL_TEST(a_live_window_begins_with_its_first_frame) {
  auto settings = options();
  settings.live = true;
  Stream stream("gvlsegmenter window-duration=1000000000 window-overlap=0", settings);
  for (int i = 0; i < 25; ++i) stream.push(100 + i);
  stream.eos();
  check_window(stream.take_segments(), 0, 4 * GST_SECOND, 5 * GST_SECOND);
}

// ---- ends that were not announced, or wrongly -------------------------------------------------------------------

GVL_TEST(a_window_ends_with_the_last_frame) {
  // As announced, too long, unknown, and a guess that is far too short.
  for (const auto duration : {std::optional<GstClockTime>(36 * 40 * GST_MSECOND),
                              std::optional<GstClockTime>(10 * GST_SECOND), std::optional<GstClockTime>()}) {
    for (const int total : {9, 14, 16}) {
      Stream stream("gvlsegmenter", options(duration));
      stream.push_range(0, total);
      stream.eos();
      int buffers = 0;
      const auto all = stream.take_segments(&buffers);
      fail_unless_equals_int(buffers, total);
      const auto segments = part(all, all.size() - kSegments, kSegments);
      check_window(segments, 0, 0, total * 40 * GST_MSECOND);
      check_equal(values(segments), expected_values(total));
    }
  }
}

// Whether segments are nearly those of so many frames: more came than are kept until the end is known.
void check_nearly(const std::vector<SeenSegment>& segments, int total, int within) {
  const auto got = values(segments), expected = expected_values(total);
  for (std::size_t i = 0; i < got.size(); ++i)
    fail_unless(std::abs(got[i] - expected[i]) <= within, "sample %zu: frame %d instead of %d", i, got[i], expected[i]);
}

GVL_TEST(of_an_unknown_length_frames_are_kept_all_along) {
  for (const int total : {17, 50, 100, 250}) {
    Stream stream("gvlsegmenter", options());
    stream.push_range(0, total);
    stream.eos();
    const auto segments = stream.take_segments();
    check_window(segments, 0, 0, total * 40 * GST_MSECOND);
    check_nearly(segments, total, total / (2 * kSamples) + 1);
  }
}

// An event between two frames sends the first one on, before it is known what else that shows.
GVL_TEST(events_between_frames_change_no_segment) {
  const auto segments_of = [](bool with_events) {
    Stream stream("gvlsegmenter", options(200 * GST_MSECOND));
    for (int i = 0; i < 60; ++i) {
      if (i == 3) stream.set_duration(600 * GST_MSECOND);
      stream.push(i);
      if (with_events) stream.send(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "a title", nullptr)));
    }
    stream.eos();
    auto segments = stream.take_segments();
    for (auto& segment : take_from_events(stream)) segments.push_back(std::move(segment));
    std::sort(segments.begin(), segments.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
    return segments;
  };
  const auto without = segments_of(false), with = segments_of(true);
  fail_unless_equals_int(with.size(), without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    fail_unless_equals_uint64(with[i].start, without[i].start);
    fail_unless_equals_uint64(with[i].stop, without[i].stop);
    fail_unless_equals_uint64(with[i].sequence, without[i].sequence);
    fail_unless(with[i].temporal == without[i].temporal && with[i].times == without[i].times);
  }
}

GVL_TEST(a_first_guess_at_the_duration_is_not_trusted) {
  Stream stream("gvlsegmenter", options(200 * GST_MSECOND));
  stream.push_range(0, 3);
  stream.set_duration(600 * GST_MSECOND);
  stream.push_range(3, 60);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(part(segments, segments.size() - kSegments, kSegments), 0, 0, 2400 * GST_MSECOND);
  // Nothing was answered before: no sequence but the last is a whole window.
  for (const auto& segment : segments)
    fail_unless(segment.sequence == segments.back().sequence || segment.number + 1 < kSegments);
}

GVL_TEST(a_video_that_begins_late_is_a_window_from_there) {
  const GstClockTime late = GST_CLOCK_TIME_NONE / 20;  // some thirty years
  constexpr int kFrames = 15;
  const GstClockTime stop = late + kFrames * 40 * GST_MSECOND;
  for (const auto duration : {std::optional<GstClockTime>(stop), std::optional<GstClockTime>()}) {
    Stream stream("gvlsegmenter", options(duration));
    for (int i = 0; i < kFrames; ++i) stream.push_at(i, late + i * 40 * GST_MSECOND);
    stream.eos();
    const auto segments = stream.take_segments();
    check_window(segments, 0, late, stop);
    check_equal(values(segments), expected_values(kFrames));
  }
}

GVL_TEST(frames_past_the_announced_end_open_no_window) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push_range(0, 25 + 6);  // less than half of a segment
  stream.eos();
  check_window(stream.take_segments(), 0, 0, GST_SECOND);
}

GVL_TEST(far_past_the_announced_end_a_window_opens) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push_range(0, 25 + 14);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(part(segments, 0, 2), 0, 0, GST_SECOND);
  // So short an announcement was a guess.
  check_window(part(segments, 2, 2), 0, 0, 39 * 40 * GST_MSECOND);
}

GVL_TEST(far_past_a_long_announcement_windows_overlap) {
  auto few_frames = with_caps("video/x-raw,format=RGB,width=32,height=24,framerate=1/1", 12 * GST_SECOND);
  Stream stream("gvlsegmenter window-overlap=0.5", few_frames);
  for (int i = 0; i < 36; ++i) stream.push_at(i, i * GST_SECOND);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(part(segments, 0, 2), 0, 0, 12 * GST_SECOND);
  fail_unless_equals_uint64(stream.sequence(segments[0].sequence).window_hop, 2);
  check_window(part(segments, 2, 2), 0, 12 * GST_SECOND, 24 * GST_SECOND);
  fail_unless_equals_uint64(stream.sequence(segments[2].sequence).window_hop, 1);
  fail_unless_equals_uint64(segments[2].session, segments[0].session);
}

}  // namespace
