/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlsegmenter alone: what passes, what is sampled, errors.

#include <algorithm>

#include "gvl/sampling.hpp"
#include "gvlpendingmemory.hpp"
#include "gvlsegmentmeta.h"
#include "gvltensormeta.h"
#include "segments.hpp"

using namespace gvl::test;

namespace {

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
  gst_harness_set_live(stream.harness(), TRUE);  // of one that is not, latency is not counted
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

GVL_TEST(a_gap_shows_the_frame_before_it) {
  Stream stream("gvlsegmenter", with_caps("video/x-raw,format=RGB,width=32,height=24,framerate=0/1", 8 * GST_SECOND));
  stream.push_at(1, 0);
  stream.send(gst_event_new_gap(GST_SECOND, 5 * GST_SECOND));
  stream.push_at(2, 7 * GST_SECOND);
  stream.eos();
  // The gap sent the first frame on: what that frame still shows comes by itself.
  check_equal(values(take_from_events(stream)), {1, 1, 1, 1});
  check_equal(values(stream.take_segments()), {1, 1, 1, 2});
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
  Stream stream("gvlsegmenter name=s", options(2 * GST_SECOND));
  stream.new_segment(1, 1, GST_SECOND, 2 * GST_SECOND, GST_SECOND);
  stream.push_range(20, 50);
  stream.eos();
  int buffers = 0;
  const auto segments = stream.take_segments(&buffers);
  fail_unless_equals_int(buffers, 30);
  check_window(segments, 0, GST_SECOND, 2 * GST_SECOND);
  fail_unless(segments[0].temporal[0] >= 25);
  fail_unless_equals_uint64(stat_of(stream.element("s"), "unsampled"), 5);
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
  // Upstream hears of it a moment after the application.
  GstFlowReturn result = GST_FLOW_OK;
  for (int i = kSamples; result == GST_FLOW_OK; ++i) result = stream.push(i);
  fail_unless_equals_int(result, GST_FLOW_ERROR);
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
