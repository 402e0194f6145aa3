/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlsegmenter alone: what passes, what is sampled, what the metas say.

#include <algorithm>

#include "fake-model.hpp"
#include "gvl/sampling.hpp"
#include "gvlevent.h"
#include "gvlpendingmemory.hpp"
#include "gvlsegmentmeta.h"
#include "gvltensormeta.h"
#include "stream.hpp"

using gvl::test::FakeModel;
using gvl::test::SeenSegment;
using gvl::test::Stream;
using gvl::test::StreamOptions;

namespace {

constexpr int kSamples = 8;
constexpr int kSegments = 2;
constexpr int kPerSegment = 4;

StreamOptions options(std::optional<GstClockTime> duration = {}) {
  StreamOptions made;
  made.model = std::make_shared<FakeModel>();
  made.duration = duration;
  return made;
}

StreamOptions with_caps(const char* caps, std::optional<GstClockTime> duration = {}) {
  auto made = options(duration);
  made.caps = caps;
  return made;
}

// All the sampled values of the segments, in stream time order.
std::vector<int> values(const std::vector<SeenSegment>& segments) {
  std::vector<int> all;
  for (const auto& segment : segments) all.insert(all.end(), segment.temporal.begin(), segment.temporal.end());
  return all;
}

// By the published rule; of fewer frames than samples, those that are shown in the middle of each interval.
std::vector<int> expected_values(std::int64_t total) {
  std::vector<int> all;
  for (int i = 0; i < kSamples; ++i) {
    const auto index = total < kSamples ? (2 * i + 1) * total / (2 * kSamples) : gvl::sample_index(i, kSamples, total);
    all.push_back(static_cast<int>(index % 256));
  }
  return all;
}

void check_equal(const std::vector<int>& got, const std::vector<int>& expected) {
  fail_unless_equals_int(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    fail_unless(got[i] == expected[i], "sample %zu: frame %d instead of %d", i, got[i], expected[i]);
}

// `window`: which of its sequence, where windows lie side by side.
void check_window(const std::vector<SeenSegment>& segments, guint64 window, GstClockTime start, GstClockTime stop) {
  fail_unless_equals_int(segments.size(), kSegments);
  for (int k = 0; k < kSegments; ++k) {
    const auto& segment = segments[k];
    fail_unless_equals_uint64(segment.sequence, segments[0].sequence);
    fail_unless_equals_uint64(segment.number / kSegments, window);
    fail_unless_equals_uint64(segment.start, start + (stop - start) * k / kSegments);
    fail_unless_equals_uint64(segment.stop, start + (stop - start) * (k + 1) / kSegments);
    fail_unless_equals_int(segment.times.size(), kPerSegment);
    fail_unless_equals_uint64(segment.keyframe, segment.times[kPerSegment / 2]);
    fail_unless_equals_int(segment.spatial, segment.temporal[kPerSegment / 2]);
  }
}

std::vector<SeenSegment> part(const std::vector<SeenSegment>& all, std::size_t first, std::size_t count) {
  fail_unless(all.size() >= first + count, "%zu segments", all.size());
  return {all.begin() + first, all.begin() + first + count};
}

// Segments that came by themselves, as no buffer was left for them.
std::vector<SeenSegment> take_carried(Stream& stream) {
  std::vector<SeenSegment> segments;
  while (GstEvent* event = gst_harness_try_pull_event(stream.harness())) {
    GstBuffer* carrier = gvl_carrier_event_get_buffer(event);
    if (carrier) {
      fail_unless_equals_int(gst_buffer_get_size(carrier), 0);
      for (auto& segment : gvl::test::segments_on(carrier)) segments.push_back(std::move(segment));
      gst_buffer_unref(carrier);
    }
    gst_event_unref(event);
  }
  return segments;
}

// ---- what passes ------------------------------------------------------------------------------------------------

void check_format_passes(const std::string& caps) {
  auto settings = with_caps(caps.c_str(), GST_SECOND);
  Stream stream("gvlsegmenter", settings);
  std::vector<GstMemory*> memories;
  for (int i = 0; i < 25; ++i) {
    GstBuffer* frame = gvl::test::make_frame(stream.info(), i, i * 40 * GST_MSECOND, 40 * GST_MSECOND);
    memories.push_back(gst_memory_ref(gst_buffer_peek_memory(frame, 0)));
    fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
  }
  stream.eos();
  for (int i = 0; i < 25; ++i) {
    GstBuffer* frame = stream.try_pull();
    fail_unless(frame != nullptr, "%s: frame %d is missing", caps.c_str(), i);
    fail_unless_equals_int(gst_buffer_n_memory(frame), 1);
    fail_unless(gst_buffer_peek_memory(frame, 0) == memories[i], "%s: frame %d was copied", caps.c_str(), i);
    fail_unless_equals_uint64(GST_BUFFER_PTS(frame), i * 40 * GST_MSECOND);
    fail_unless_equals_uint64(GST_BUFFER_DURATION(frame), 40 * GST_MSECOND);
    gpointer state = nullptr;
    while (GstMeta* meta = gst_buffer_iterate_meta_filtered(frame, &state, GVL_TENSOR_META_API_TYPE)) {
      GError* error = nullptr;
      fail_unless(gvl_tensor_meta_wait(reinterpret_cast<GvlTensorMeta*>(meta), &error), "%s: %s", caps.c_str(),
                  error ? error->message : "");
    }
    gst_buffer_unref(frame);
    gst_memory_unref(memories[i]);
  }
  fail_unless(stream.try_pull() == nullptr);
  stream.expect_no_error();
}

GVL_TEST(every_raw_format_passes_unchanged) {
  guint count = 0;
  const GstVideoFormat* formats = gst_video_formats_raw(&count);
  fail_unless(count > 50);
  for (guint i = 0; i < count; ++i) {
    const std::string name = gst_video_format_to_string(formats[i]);
    if (name == "DMA_DRM") continue;  // no pixels for the CPU to read
    for (const char* size : {"width=32,height=24", "width=33,height=25"})
      check_format_passes("video/x-raw,format=" + name + "," + size + ",framerate=25/1");
  }
}

GVL_TEST(interlaced_video_passes_unchanged) {
  for (const char* mode : {"interleaved", "mixed"})
    check_format_passes(std::string("video/x-raw,format=I420,width=32,height=24,framerate=25/1,interlace-mode=") +
                        mode);
  check_format_passes(
      "video/x-raw(format:Interlaced),format=I420,width=32,height=24,framerate=25/1,interlace-mode=alternate");
}

GVL_TEST(shared_buffers_and_unshareable_memory_are_not_copied) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  const gsize size = GST_VIDEO_INFO_SIZE(&stream.info());
  std::vector<GstBuffer*> frames;
  for (int i = 0; i < 25; ++i) {
    auto data = gvl::allocate_tensor_data(size);
    std::fill_n(data.get(), size, std::byte(i));
    const gvl::Tensor pixels{gvl::DataType::kUInt8, {static_cast<std::int64_t>(size)}, std::move(data)};
    GstBuffer* frame = gst_buffer_new();
    gst_buffer_append_memory(frame, gvl::gst::pending_memory_new(gvl::Future<gvl::Tensor>::of(pixels), size));
    GST_BUFFER_PTS(frame) = i * 40 * GST_MSECOND;
    frames.push_back(gst_buffer_ref(frame));
    fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
  }
  stream.eos();
  std::vector<SeenSegment> segments;
  for (GstBuffer* frame : frames) {
    GstBuffer* passed = stream.try_pull();
    fail_unless(gst_buffer_peek_memory(passed, 0) == gst_buffer_peek_memory(frame, 0));
    fail_unless_equals_uint64(GST_BUFFER_PTS(passed), GST_BUFFER_PTS(frame));
    fail_unless(gvl_buffer_get_segment_meta(frame) == nullptr);
    for (auto& segment : gvl::test::segments_on(passed)) segments.push_back(std::move(segment));
    gst_buffer_unref(passed);
    gst_buffer_unref(frame);
  }
  check_equal(values(segments), expected_values(25));
}

GVL_TEST(one_buffer_is_held_back_and_reported_as_latency) {
  Stream stream("gvlsegmenter", options(10 * GST_SECOND));
  fail_unless_equals_int(stream.push(0), GST_FLOW_OK);
  for (int i = 1; i < 10; ++i) {
    fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), i - 1);
    fail_unless_equals_int(stream.push(i), GST_FLOW_OK);
  }
  gst_harness_set_live(stream.harness(), TRUE);  // elements between leave out the latency of others
  gst_harness_set_upstream_latency(stream.harness(), 7 * GST_MSECOND);
  fail_unless_equals_uint64(gst_harness_query_latency(stream.harness()), 47 * GST_MSECOND);
  stream.eos();
  fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), 10);
}

GVL_TEST(a_new_frame_rate_is_a_new_latency) {
  auto settings = options(10 * GST_SECOND);
  settings.live = true;
  Stream stream("gvlsegmenter", settings);
  GstMessage* message = stream.wait_message(GST_MESSAGE_LATENCY);
  gst_message_unref(message);
  stream.set_caps("video/x-raw,format=RGB,width=32,height=24,framerate=0/1,max-framerate=50/1");
  gst_message_unref(stream.wait_message(GST_MESSAGE_LATENCY));
  fail_unless_equals_uint64(gst_harness_query_latency(stream.harness()), 20 * GST_MSECOND);
  stream.set_caps("video/x-raw,format=RGB,width=32,height=24,framerate=0/1");
  fail_unless_equals_uint64(gst_harness_query_latency(stream.harness()), 0);
}

GVL_TEST(no_event_overtakes_the_held_buffer) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push(0);
  fail_unless(stream.send(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("mark"))));
  fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), 1);
}

GVL_TEST(pools_get_the_frames_that_are_kept) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  GstStructure* none = nullptr;
  gst_harness_set_propose_allocator(stream.harness(), nullptr, nullptr);
  const auto offer = [](GstPad*, GstPadProbeInfo* info, gpointer) -> GstPadProbeReturn {
    GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
    gst_query_add_allocation_pool(query, nullptr, 100, 2, 5);
    return GST_PAD_PROBE_HANDLED;
  };
  gst_pad_add_probe(stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, offer, none, nullptr);
  GstCaps* caps = gst_video_info_to_caps(&stream.info());
  GstQuery* query = gst_query_new_allocation(caps, TRUE);
  fail_unless(gst_pad_peer_query(stream.harness()->srcpad, query));
  guint size, min, max;
  gst_query_parse_nth_allocation_pool(query, 0, nullptr, &size, &min, &max);
  fail_unless_equals_int(min, 5);
  fail_unless_equals_int(max, 8);
  gst_query_unref(query);
  gst_caps_unref(caps);
}

// ---- what is sampled --------------------------------------------------------------------------------------------

GVL_TEST(samples_are_those_of_the_published_code) {
  for (const int total : {1, 2, 5, 7, 8, 9, 15, 16, 17, 25, 100, 250}) {
    Stream stream("gvlsegmenter", options(total * 40 * GST_MSECOND));
    fail_unless_equals_int(stream.push_range(0, total), GST_FLOW_OK);
    stream.eos();
    const auto segments = stream.take_segments();
    check_window(segments, 0, 0, total * 40 * GST_MSECOND);
    check_equal(values(segments), expected_values(total));
  }
}

GVL_TEST(fractional_rates_are_counted_in_frames) {
  const int total = 200;
  const GstClockTime duration = gst_util_uint64_scale(total, 1001 * GST_SECOND, 30000);
  Stream stream("gvlsegmenter", with_caps("video/x-raw,format=RGB,width=32,height=24,framerate=30000/1001", duration));
  fail_unless_equals_int(stream.push_range(0, total), GST_FLOW_OK);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(segments, 0, 0, duration);
  check_equal(values(segments), expected_values(total));
}

GVL_TEST(segments_sit_on_the_frame_shown_at_their_end) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push_range(0, 25);
  stream.eos();
  const auto indices = gvl::sample_indices(kSamples, 25);
  const auto segments = stream.take_segments();
  fail_unless_equals_int(segments.size(), kSegments);
  for (int k = 0; k < kSegments; ++k) {
    fail_unless_equals_uint64(segments[k].index, k);
    fail_unless_equals_uint64(segments[k].buffer_pts, k == 0 ? 480 * GST_MSECOND : 960 * GST_MSECOND);
    for (int i = 0; i < kPerSegment; ++i)
      fail_unless_equals_uint64(segments[k].times[i], indices[k * kPerSegment + i] * 40 * GST_MSECOND);
  }
}

GVL_TEST(while_a_frame_is_missing_the_one_before_is_shown) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  auto expected = expected_values(25);
  for (int i = 0; i < 25; ++i)
    if (i != expected[2] && i != expected[5]) stream.push(i);
  stream.eos();
  --expected[2];
  --expected[5];
  check_equal(values(stream.take_segments()), expected);
}

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

// Also where that is in another window: a still picture in a recording of a screen.
GVL_TEST(a_frame_is_shown_until_the_next_comes) {
  Stream stream("gvlsegmenter window-duration=400000000 window-overlap=0", options());
  stream.push_range(0, 5);
  stream.push_range(32, 40);
  stream.eos();
  const auto segments = stream.take_segments();
  for (int window = 0; window < 4; ++window)
    check_window(part(segments, 2 * window, 2), window, window * 400 * GST_MSECOND, (window + 1) * 400 * GST_MSECOND);
  const auto all = values(segments);
  const GstClockTime sample = 400 * GST_MSECOND / kSamples;
  for (std::size_t i = kSamples; i < all.size(); ++i) {
    const GstClockTime target = i * sample + sample / 2;
    fail_unless(target < 1280 * GST_MSECOND ? all[i] == 4 : all[i] >= 32, "sample %zu is frame %d", i, all[i]);
  }
}

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

GVL_TEST(a_first_guess_at_the_duration_is_not_trusted) {
  Stream stream("gvlsegmenter", options(200 * GST_MSECOND));
  stream.push_range(0, 3);
  stream.set_duration(600 * GST_MSECOND);
  stream.push_range(3, 60);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(part(segments, segments.size() - kSegments, kSegments), 0, 0, 2400 * GST_MSECOND);
  // Nothing was answered before: no run but the last is a whole window.
  for (const auto& segment : segments)
    fail_unless(segment.sequence == segments.back().sequence || segment.number + 1 < kSegments);
}

GVL_TEST(a_frame_that_is_shown_for_long_is_sampled_for_long) {
  // Declared as 25 frames a second; nothing comes between 0.4 and 0.8 s.
  Stream stream("gvlsegmenter", options(GST_SECOND));
  for (int i = 0; i < 25; ++i)
    if (i <= 10 || i >= 20) stream.push(i);
  stream.eos();
  auto expected = expected_values(25);
  for (auto& value : expected)
    if (value > 10 && value < 20) value = 10;
  check_equal(values(stream.take_segments()), expected);
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

GVL_TEST(a_window_of_a_few_nanoseconds_is_an_error) {
  Stream stream("gvlsegmenter window-duration=10", options());
  fail_unless_equals_int(stream.push(0), GST_FLOW_ERROR);
  stream.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "window-duration=10 ");
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
    Stream stream("gvlsegmenter window-overlap=0 max-pending=1000", settings);
    stream.push_range(0, 125);
    stream.eos();
    const auto segments = stream.take_segments();
    check_window(part(segments, 0, 2), 0, 0, 60 * GST_SECOND);
    check_window(part(segments, 2, 2), 1, 60 * GST_SECOND, 120 * GST_SECOND);
    for (auto& s : segments)
      g_printerr("%d %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " run %d\n", live, s.start, s.stop, (int)s.sequence);
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

GVL_TEST(variable_rate_samples_what_is_shown) {
  Stream stream("gvlsegmenter", with_caps("video/x-raw,format=RGB,width=32,height=24,framerate=0/1", 8 * GST_SECOND));
  // Sample times are 0.5 s, 1.5 s, ...
  const std::vector<std::pair<int, double>> frames = {{10, 0.0}, {11, 0.4}, {12, 0.6}, {13, 3.4}, {14, 3.5}, {15, 6.6}};
  for (const auto& [value, time] : frames) stream.push_at(value, static_cast<GstClockTime>(time * GST_SECOND));
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(segments, 0, 0, 8 * GST_SECOND);
  check_equal(values(segments), {11, 12, 12, 14, 14, 14, 14, 15});
}

// ---- times ------------------------------------------------------------------------------------------------------

GVL_TEST(caps_may_change_within_a_window) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push_range(0, 10);
  stream.set_caps("video/x-raw,format=GRAY8,width=64,height=20,framerate=50/1");
  for (int i = 10; i < 25; ++i) stream.push_at(i, i * 40 * GST_MSECOND);
  stream.eos();
  int buffers = 0;
  const auto segments = stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 25);
  check_window(segments, 0, 0, GST_SECOND);
  // Grey is studio range: only its order survives.
  const auto seen = values(segments);
  const auto expected = expected_values(25);
  for (int i = 0; i < kSamples; ++i)
    if (expected[i] < 10) fail_unless_equals_int(seen[i], expected[i]);
  stream.expect_no_error();
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

GVL_TEST(a_jump_ends_the_window) {
  Stream stream("gvlsegmenter", options(100 * GST_SECOND));
  stream.push_range(0, 60);
  stream.new_segment(1, 1, 50 * GST_SECOND, 51 * GST_SECOND, 50 * GST_SECOND);
  for (int i = 0; i < 25; ++i) stream.push_at(i, 50 * GST_SECOND + i * 40 * GST_MSECOND);
  stream.eos();
  int buffers = 0;
  // The buffer before the jump was gone when it came.
  const auto segments = take_carried(stream), after = stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 85);
  check_window(segments, 0, 0, 60 * 40 * GST_MSECOND);
  check_window(after, 0, 50 * GST_SECOND, 51 * GST_SECOND);
  fail_unless(after[0].session > segments[0].session);
  check_equal(values(after), expected_values(25));
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
  check_window(take_carried(stream), 0, 0, GST_SECOND);
}

GVL_TEST(a_gap_before_the_end_keeps_the_tail) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  stream.push_range(0, 9);
  stream.send(gst_event_new_gap(360 * GST_MSECOND, 600 * GST_MSECOND));
  fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), 9);
  fail_unless(stream.take_segments().empty());
  stream.eos();
  check_window(take_carried(stream), 0, 0, 360 * GST_MSECOND);
}

GVL_TEST(a_gap_shows_the_frame_before_it) {
  Stream stream("gvlsegmenter", with_caps("video/x-raw,format=RGB,width=32,height=24,framerate=0/1", 8 * GST_SECOND));
  stream.push_at(1, 0);
  stream.send(gst_event_new_gap(GST_SECOND, 5 * GST_SECOND));
  stream.push_at(2, 7 * GST_SECOND);
  stream.eos();
  check_equal(values(stream.take_segments()), {1, 1, 1, 1, 1, 1, 1, 2});
}

GVL_TEST(missing_timestamps_are_counted_from_the_rate) {
  Stream stream("gvlsegmenter", options(GST_SECOND));
  for (int i = 0; i < 25; ++i)
    fail_unless_equals_int(stream.push_at(i, i % 5 ? GST_CLOCK_TIME_NONE : i * 40 * GST_MSECOND), GST_FLOW_OK);
  stream.eos();
  const auto segments = stream.take_segments();
  check_window(segments, 0, 0, GST_SECOND);
  check_equal(values(segments), expected_values(25));
}

GVL_TEST(frames_outside_of_the_segment_pass_unsampled) {
  Stream stream("gvlsegmenter", options(2 * GST_SECOND));
  stream.new_segment(1, 1, GST_SECOND, 2 * GST_SECOND, GST_SECOND);
  stream.push_range(20, 50);
  stream.eos();
  int buffers = 0;
  const auto segments = stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 30);
  check_window(segments, 0, GST_SECOND, 2 * GST_SECOND);
  fail_unless(segments[0].temporal[0] >= 25);
}

// ---- errors -----------------------------------------------------------------------------------------------------

GVL_TEST(frames_without_times_are_an_error) {
  Stream stream("gvlsegmenter", with_caps("video/x-raw,format=RGB,width=32,height=24,framerate=0/1"));
  fail_unless_equals_int(stream.push_at(0, GST_CLOCK_TIME_NONE), GST_FLOW_ERROR);
  stream.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "no timestamps");
}

GVL_TEST(a_stream_in_bytes_is_an_error) {
  auto settings = options();
  settings.segment = false;
  Stream stream("gvlsegmenter", settings);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  stream.send(gst_event_new_segment(&segment));
  fail_unless_equals_int(stream.push(0), GST_FLOW_ERROR);
  stream.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "no times");
}

GVL_TEST(memory_that_cannot_be_read_is_an_error) {
  Stream stream("gvlsegmenter", options(kSamples * 40 * GST_MSECOND));
  gvl::Promise<gvl::Tensor> broken;
  broken.set_error(std::make_exception_ptr(gvl::Error(gvl::ErrorCode::kNotFound, "not here")));
  GstBuffer* frame = gst_buffer_new();
  gst_buffer_append_memory(frame, gvl::gst::pending_memory_new(broken.future(), GST_VIDEO_INFO_SIZE(&stream.info())));
  GST_BUFFER_PTS(frame) = 0;
  gst_harness_push(stream.harness(), frame);
  stream.push_range(1, kSamples);
  stream.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_NOT_IMPLEMENTED, "download");
  fail_unless_equals_int(stream.push(kSamples), GST_FLOW_ERROR);
  stream.expect_no_error();
}

GVL_TEST(no_model_is_an_error) {
  auto settings = options();
  settings.model.reset();
  g_setenv("GVL_MODEL_PATH", "/no/such/model", TRUE);
  Stream stream("gvlsegmenter", settings);
  fail_unless_equals_int(stream.push(0), GST_FLOW_ERROR);
  g_unsetenv("GVL_MODEL_PATH");
  stream.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "/no/such/model");
}

GVL_TEST(stats_count) {
  Stream stream("gvlsegmenter name=s", options(GST_SECOND));
  stream.push_range(0, 25);
  stream.eos();
  GstStructure* stats = nullptr;
  g_object_get(stream.element("s"), "stats", &stats, nullptr);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "frames"), 25);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "samples"), kSamples);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "windows"), 1);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "segments"), kSegments);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "skipped"), 0);
  gst_structure_free(stats);
}

}  // namespace
