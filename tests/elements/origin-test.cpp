/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Which camera an event is of, and what time it was there.

#include <gst/check/gsttestclock.h>
#include <gst/net/net.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "five.hpp"
#include "gvlevent.h"
#include "gvlutcclock.hpp"

using namespace gvl::test;
using gvl::gst::UtcClock;

namespace {

constexpr guint64 kNoon = guint64{1769860800} * GST_SECOND;  // 2026-01-31T12:00:00Z
constexpr guint64 kNtpToUnix = guint64{2208988800} * GST_SECOND;

GstSegment plain_segment(GstClockTime base = 0) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = base;
  return segment;
}

void add_reference(GstBuffer* buffer, const char* reference, guint64 time) {
  GstCaps* caps = gst_caps_new_empty_simple(reference);
  gst_buffer_add_reference_timestamp_meta(buffer, caps, time, GST_CLOCK_TIME_NONE);
  gst_caps_unref(caps);
}

/** A UtcClock of an element, and buffers for it. */
struct Watched {
  GstElement* element = gst_element_factory_make("identity", nullptr);
  UtcClock clock{element};
  GstSegment segment = plain_segment();

  ~Watched() { gst_object_unref(element); }

  /** (transfer full) */
  void use(GstClock* pipelines, GstClockTime base_time) {
    gst_element_set_clock(element, pipelines);
    gst_element_set_base_time(element, base_time);
    gst_object_unref(pipelines);
  }

  void observe(GstClockTime time, guint64 utc, const char* reference = "timestamp/x-unix", bool live = false) {
    GstBuffer* buffer = gst_buffer_new();
    GST_BUFFER_PTS(buffer) = time;
    if (reference) add_reference(buffer, reference, utc);
    clock.observe(buffer, segment, live);
    gst_buffer_unref(buffer);
  }

  std::optional<UtcClock::Utc> utc_of(GstClockTime time) const {
    return clock.utc_of(time, GST_CLOCK_TIME_NONE, segment);
  }

  void expect(GstClockTime time, guint64 utc, const char* source = "reference-timestamp") const {
    const auto found = utc_of(time);
    fail_unless(found.has_value());
    fail_unless_equals_uint64(found->start, utc);
    fail_if(GST_CLOCK_TIME_IS_VALID(found->stop));
    fail_unless_equals_string(found->source, source);
  }

  void expect_none(GstClockTime time) const { fail_if(utc_of(time).has_value()); }
};

GVL_TEST(times_are_counted_from_reference_timestamps) {
  Watched watched;
  watched.expect_none(0);
  watched.observe(GST_SECOND, kNoon);
  watched.expect(3 * GST_SECOND, kNoon + 2 * GST_SECOND);
  watched.expect(0, kNoon - GST_SECOND);
  watched.clock.reset();
  watched.expect_none(GST_SECOND);
  watched.observe(GST_SECOND, kNtpToUnix + kNoon, "timestamp/x-ntp");
  watched.expect(2 * GST_SECOND, kNoon + GST_SECOND, "ntp");
  watched.clock.reset();
  watched.observe(GST_SECOND, kNoon, "timestamp/x-something");
  watched.expect_none(GST_SECOND);
}

// A second that comes twice, and a clock that is set: what was before keeps its time.
GVL_TEST(leaps_and_jumps_concern_only_what_comes_after) {
  Watched watched;
  for (guint64 i = 0; i < 10; ++i) watched.observe(i * GST_SECOND, kNoon + i * GST_SECOND);
  for (guint64 i = 10; i < 20; ++i) watched.observe(i * GST_SECOND, kNoon + (i - 1) * GST_SECOND);
  watched.observe(20 * GST_SECOND, kNoon + 3600 * GST_SECOND);
  watched.expect(9 * GST_SECOND, kNoon + 9 * GST_SECOND);
  watched.expect(10 * GST_SECOND, kNoon + 9 * GST_SECOND);
  watched.expect(15 * GST_SECOND, kNoon + 14 * GST_SECOND);
  watched.expect(21 * GST_SECOND, kNoon + 3601 * GST_SECOND);
}

// The same stream time plays again: what played first keeps its time.
GVL_TEST(segments_have_times_of_their_own) {
  Watched watched;
  watched.observe(0, kNoon);
  watched.observe(5 * GST_SECOND, kNoon + 5 * GST_SECOND);
  const GstSegment first = watched.segment;
  watched.segment = plain_segment(10 * GST_SECOND);
  watched.observe(0, kNoon + 100 * GST_SECOND);
  watched.expect(5 * GST_SECOND, kNoon + 105 * GST_SECOND);
  watched.segment = first;
  watched.expect(5 * GST_SECOND, kNoon + 5 * GST_SECOND);
}

GVL_TEST(a_live_stream_has_the_time_of_its_clock) {
  Watched watched;
  watched.use(gst_test_clock_new_with_start_time(100 * GST_SECOND), 40 * GST_SECOND);
  watched.observe(60 * GST_SECOND, 0, nullptr, false);
  watched.expect_none(60 * GST_SECOND);
  const guint64 before = static_cast<guint64>(g_get_real_time()) * GST_USECOND;
  watched.observe(60 * GST_SECOND, 0, nullptr, true);
  const guint64 after = static_cast<guint64>(g_get_real_time()) * GST_USECOND;
  const auto now = watched.utc_of(60 * GST_SECOND);
  fail_unless(now && now->start >= before && now->start <= after);
  fail_unless_equals_string(now->source, "clock");
  watched.expect(50 * GST_SECOND, now->start - 10 * GST_SECOND, "clock");
}

// What such a clock shows is used, not what this machine's says besides.
GVL_TEST(a_clock_that_counts_utc_is_believed) {
  const auto system_clock = [](GstClockType type) {
    return GST_CLOCK(g_object_new(GST_TYPE_SYSTEM_CLOCK, "clock-type", type, nullptr));
  };
  const auto synced = [](GType type) {
    auto* clock = GST_CLOCK(g_object_new(type, nullptr));
    gst_clock_set_synced(clock, TRUE);
    return clock;
  };
  Watched watched;
  watched.use(system_clock(GST_CLOCK_TYPE_REALTIME), kNoon);
  watched.observe(5 * GST_SECOND, 0, nullptr, true);
  watched.expect(4 * GST_SECOND, kNoon + 4 * GST_SECOND, "realtime-clock");
  watched.clock.reset();
  watched.use(synced(GST_TYPE_NTP_CLOCK), kNtpToUnix + kNoon);
  watched.observe(5 * GST_SECOND, 0, nullptr, true);
  watched.expect(4 * GST_SECOND, kNoon + 4 * GST_SECOND, "ntp-clock");
  watched.clock.reset();
  // TAI is 37 seconds ahead.
  watched.use(synced(GST_TYPE_PTP_CLOCK), kNoon + 37 * GST_SECOND);
  watched.observe(5 * GST_SECOND, 0, nullptr, true);
  watched.expect(4 * GST_SECOND, kNoon + 4 * GST_SECOND, "ptp-clock");
  // Buffers know better, and go on doing so.
  watched.observe(6 * GST_SECOND, kNoon, "timestamp/x-unix", true);
  watched.observe(7 * GST_SECOND, 0, nullptr, true);
  watched.expect(8 * GST_SECOND, kNoon + 2 * GST_SECOND);
  watched.clock.reset();
  watched.use(system_clock(GST_CLOCK_TYPE_MONOTONIC), kNoon);
  watched.observe(0, 0, nullptr, true);
  const auto now = watched.utc_of(0);
  fail_unless(now.has_value());
  fail_unless_equals_string(now->source, "clock");
}

// Until the network has answered, its clocks show anything.
GVL_TEST(a_network_clock_is_not_believed_before_it_is_synchronised) {
  Watched watched;
  watched.use(GST_CLOCK(g_object_new(GST_TYPE_NTP_CLOCK, nullptr)), kNtpToUnix);
  watched.observe(0, 0, nullptr, true);
  const auto now = watched.utc_of(0);
  fail_if(now && !g_str_equal(now->source, "clock"));
}

GVL_TEST(an_event_has_its_times_from_one_source) {
  Watched watched;
  watched.use(GST_CLOCK(g_object_new(GST_TYPE_SYSTEM_CLOCK, "clock-type", GST_CLOCK_TYPE_REALTIME, nullptr)), kNoon);
  watched.observe(0, 0, nullptr, true);
  watched.observe(10 * GST_SECOND, kNoon + 3600 * GST_SECOND, "timestamp/x-unix", true);
  const auto across = watched.clock.utc_of(8 * GST_SECOND, 12 * GST_SECOND, watched.segment);
  fail_unless(across.has_value());
  fail_unless_equals_uint64(across->start, kNoon + 3598 * GST_SECOND);
  fail_unless_equals_uint64(across->stop, kNoon + 3602 * GST_SECOND);
  fail_unless_equals_string(across->source, "reference-timestamp");
  const auto before = watched.clock.utc_of(2 * GST_SECOND, 4 * GST_SECOND, watched.segment);
  fail_unless(before.has_value());
  fail_unless_equals_uint64(before->start, kNoon + 2 * GST_SECOND);
  fail_unless_equals_uint64(before->stop, kNoon + 4 * GST_SECOND);
  fail_unless_equals_string(before->source, "realtime-clock");
}

// Neither what buffers say of UTC nor what they say of themselves is trusted.
GVL_TEST(times_out_of_range_are_none) {
  constexpr guint64 kLast = G_MAXINT64;
  Watched watched;
  for (const guint64 utc : {kLast + 1, kLast + kNoon, guint64{GST_CLOCK_TIME_NONE} - 1}) {
    watched.observe(0, utc);
    watched.expect_none(0);
  }
  watched.observe(0, kNtpToUnix - 1, "timestamp/x-ntp");
  for (const guint64 time : {kLast + 1, guint64{GST_CLOCK_TIME_NONE} - 1}) watched.observe(time, kNoon);
  watched.expect_none(0);
  watched.observe(GST_SECOND, kLast);
  watched.expect(GST_SECOND, kLast);
  watched.expect_none(2 * GST_SECOND);
  watched.expect_none(kLast);
  watched.expect_none(kLast + 1);
  watched.clock.reset();
  watched.observe(2 * GST_SECOND, GST_SECOND);
  watched.expect(GST_SECOND, 0);
  watched.expect_none(0);
  watched.observe(kLast, GST_SECOND);
  watched.expect(kLast, GST_SECOND);
}

GVL_TEST(references_of_any_caps_say_nothing) {
  Watched watched;
  GstBuffer* buffer = gst_buffer_new();
  GST_BUFFER_PTS(buffer) = 0;
  for (GstCaps* caps : {gst_caps_new_any(), gst_caps_new_empty()}) {
    gst_buffer_add_reference_timestamp_meta(buffer, caps, kNoon, GST_CLOCK_TIME_NONE);
    gst_caps_unref(caps);
  }
  watched.clock.observe(buffer, watched.segment, false);
  gst_buffer_unref(buffer);
  watched.expect_none(0);
}

// ---- events -----------------------------------------------------------------------------------------------------

std::shared_ptr<GstStructure> first_event(const char* source_id, bool referenced) {
  Setup setup;
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("l"), "source-id", source_id, nullptr);
  for (int i = 0; i < 25; ++i) {
    GstBuffer* frame = make_frame(stream.info(), i, i * GST_SECOND / 25, GST_SECOND / 25);
    if (referenced) add_reference(frame, "timestamp/x-unix", kNoon + i * GST_SECOND / 25);
    fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
  }
  stream.eos();
  auto event = wait_event(stream);
  drop_buffers(stream);
  return event;
}

GVL_TEST(events_say_where_and_when) {
  const auto event = first_event("", true);
  fail_unless_equals_string(gst_structure_get_string(event.get(), "source"), "l");
  fail_unless(gst_structure_has_field_typed(event.get(), "stream-id", G_TYPE_STRING));
  fail_unless_equals_string(gst_structure_get_string(event.get(), "utc-start"), "2026-01-31T12:00:00.250Z");
  fail_unless_equals_string(gst_structure_get_string(event.get(), "utc-stop"), "2026-01-31T12:00:00.500Z");
  fail_unless_equals_string(gst_structure_get_string(event.get(), "utc-source"), "reference-timestamp");
  gchar* json = gvl_event_to_json(event.get());
  GstStructure* read = gvl_event_from_json(json, nullptr);
  fail_unless(read != nullptr);
  for (const char* field : {"source", "stream-id", "utc-start", "utc-stop", "utc-source"})
    fail_unless_equals_string(gst_structure_get_string(read, field), gst_structure_get_string(event.get(), field));
  gst_structure_free(read);
  g_free(json);
}

GVL_TEST(a_file_without_references_has_no_utc) {
  const auto event = first_event("door", false);
  fail_unless_equals_string(gst_structure_get_string(event.get(), "source"), "door");
  for (const char* field : {"utc-start", "utc-stop", "utc-source"})
    fail_if(gst_structure_has_field(event.get(), field));
}

GVL_TEST(names_that_are_not_utf8_are_made_so) {
  const auto event = first_event("caf\xe9", false);
  fail_unless_equals_string(gst_structure_get_string(event.get(), "source"), "caf\xef\xbf\xbd");
}

/** Two streams, one after the other, which are answered when both are over. */
struct TwoStreams {
  explicit TwoStreams(bool live = false) : setup(GST_SECOND, live), stream(kFive, setup.options) {
    setup.model->hold(FakeModel::Job::kAnswer);
  }

  void play(const char* id, bool referenced) {
    stream.send(gst_event_new_stream_start(id));
    for (int i = 0; i < 25; ++i) {
      GstBuffer* frame = make_frame(stream.info(), i, i * GST_SECOND / 25, GST_SECOND / 25);
      if (referenced) add_reference(frame, "timestamp/x-unix", kNoon + i * GST_SECOND / 25);
      fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
    }
  }

  std::pair<std::shared_ptr<GstStructure>, std::shared_ptr<GstStructure>> events() {
    setup.model->release(FakeModel::Job::kAnswer);
    stream.eos();
    auto first = wait_event(stream), second = wait_event(stream);
    drop_buffers(stream);
    return {std::move(first), std::move(second)};
  }

  Setup setup;
  Stream stream;
};

GVL_TEST(late_events_are_of_the_stream_that_shows_them) {
  TwoStreams streams;
  streams.play("first", true);
  streams.play("second", false);
  const auto [former, latter] = streams.events();
  fail_unless_equals_string(gst_structure_get_string(former.get(), "stream-id"), "first");
  fail_unless_equals_string(gst_structure_get_string(former.get(), "utc-start"), "2026-01-31T12:00:00.250Z");
  fail_unless_equals_string(gst_structure_get_string(former.get(), "utc-source"), "reference-timestamp");
  fail_unless_equals_string(gst_structure_get_string(latter.get(), "stream-id"), "second");
  for (const char* field : {"utc-start", "utc-stop", "utc-source"})
    fail_if(gst_structure_has_field(latter.get(), field));
}

// Whether it is live is asked anew, and what the first one's buffers said is no reason to say nothing.
GVL_TEST(a_live_stream_behind_a_file_has_the_time_of_the_clock) {
  TwoStreams streams;
  gst_harness_use_systemclock(streams.stream.harness());
  streams.play("file", true);
  gst_harness_set_live(streams.stream.harness(), TRUE);
  streams.play("camera", false);
  const auto [former, latter] = streams.events();
  fail_unless_equals_string(gst_structure_get_string(former.get(), "utc-source"), "reference-timestamp");
  fail_unless_equals_string(gst_structure_get_string(latter.get(), "utc-source"), "clock");
}

GVL_TEST(a_file_behind_a_live_stream_has_no_utc) {
  TwoStreams streams(true);
  gst_harness_use_systemclock(streams.stream.harness());
  streams.play("camera", false);
  gst_harness_set_live(streams.stream.harness(), FALSE);
  streams.play("file", false);
  const auto [former, latter] = streams.events();
  fail_unless_equals_string(gst_structure_get_string(former.get(), "utc-source"), "clock");
  fail_if(gst_structure_has_field(latter.get(), "utc-source"));
}

GVL_TEST(a_bin_of_ours_speaks_for_its_elements) {
  Setup setup;
  Stream stream("gvlground name=gate query=when", setup.options);
  stream.push_range(0, 25);
  stream.eos();
  GstMessage* message = stream.wait_message(GST_MESSAGE_ELEMENT);
  fail_unless_equals_string(GST_MESSAGE_SRC_NAME(message), "gate");
  fail_unless_equals_string(gst_structure_get_string(gvl_event_parse_message(message), "source"), "gate");
  gst_message_unref(message);
  drop_buffers(stream);
}

GVL_TEST(errors_are_the_bins_and_name_the_element) {
  Setup setup;
  setup.model->fail(FakeModel::Job::kAnswer, gvl::ErrorCode::kResource, "out of everything");
  Stream stream("gvlground name=gate query=when", setup.options);
  stream.push_range(0, 25);
  stream.eos();
  GstMessage* message = stream.wait_message(GST_MESSAGE_ERROR);
  gchar* debug = nullptr;
  gst_message_parse_error(message, nullptr, &debug);
  fail_unless_equals_string(GST_MESSAGE_SRC_NAME(message), "gate");
  fail_unless(strstr(debug, "gvlgroundedllm") != nullptr, "%s", debug);
  g_free(debug);
  gst_message_unref(message);
  drop_buffers(stream);
}

GVL_TEST(times_that_are_none_are_refused) {
  GError* error = nullptr;
  for (const char* time :
       {"yesterday", "2026-01-31T12:00:00", "9999-12-31T23:59:59-02:00", "0001-01-01T00:00:00+02:00"}) {
    const auto line = "{\"utc-start\":\"" + std::string(time) + "\"}";
    fail_unless(gvl_event_from_json(line.c_str(), &error) == nullptr, "%s", time);
    fail_unless(strstr(error->message, "utc-start") != nullptr, "%s", error->message);
    g_clear_error(&error);
  }
}

GVL_TEST(times_with_an_offset_become_utc) {
  const char* line =
      "{\"utc-start\":\"2026-01-31T14:00:00.25+02:00\",\"utc-stop\":\"2026-01-31T00:30:00-11:30\","
      "\"start\":1,\"stop\":2}";
  GstStructure* event = gvl_event_from_json(line, nullptr);
  fail_unless(event != nullptr);
  fail_unless_equals_string(gst_structure_get_string(event, "utc-start"), "2026-01-31T12:00:00.250Z");
  fail_unless_equals_string(gst_structure_get_string(event, "utc-stop"), "2026-01-31T12:00:00.000Z");
  gst_structure_free(event);
}

}  // namespace
