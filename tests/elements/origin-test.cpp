/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Which camera an event is of, and what time it was there.

#include <gst/check/gsttestclock.h>

#include <cstring>

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

  void observe(GstClockTime time, guint64 utc, const char* reference = "timestamp/x-unix", bool live = false) {
    GstBuffer* buffer = gst_buffer_new();
    GST_BUFFER_PTS(buffer) = time;
    if (reference) add_reference(buffer, reference, utc);
    clock.observe(buffer, segment, live);
    gst_buffer_unref(buffer);
  }

  void expect(GstClockTime time, guint64 utc, const char* source = "reference-timestamp") {
    const auto found = clock.utc_of(time, segment);
    fail_unless(found.has_value());
    fail_unless_equals_uint64(found->time, utc);
    fail_unless_equals_string(found->source, source);
  }
};

GVL_TEST(times_are_counted_from_reference_timestamps) {
  Watched watched;
  fail_if(watched.clock.utc_of(0, watched.segment).has_value());
  watched.observe(GST_SECOND, kNoon);
  watched.expect(3 * GST_SECOND, kNoon + 2 * GST_SECOND);
  watched.expect(0, kNoon - GST_SECOND);
  watched.clock.reset();
  fail_if(watched.clock.utc_of(GST_SECOND, watched.segment).has_value());
  watched.observe(GST_SECOND, kNtpToUnix + kNoon, "timestamp/x-ntp");
  watched.expect(2 * GST_SECOND, kNoon + GST_SECOND, "ntp");
  watched.clock.reset();
  watched.observe(GST_SECOND, kNoon, "timestamp/x-something");
  fail_if(watched.clock.utc_of(GST_SECOND, watched.segment).has_value());
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
  GstClock* clock = gst_test_clock_new_with_start_time(100 * GST_SECOND);
  gst_element_set_clock(watched.element, clock);
  gst_element_set_base_time(watched.element, 40 * GST_SECOND);
  watched.observe(60 * GST_SECOND, 0, nullptr, false);
  fail_if(watched.clock.utc_of(60 * GST_SECOND, watched.segment).has_value());
  const guint64 before = static_cast<guint64>(g_get_real_time()) * GST_USECOND;
  watched.observe(60 * GST_SECOND, 0, nullptr, true);
  const guint64 after = static_cast<guint64>(g_get_real_time()) * GST_USECOND;
  const auto now = watched.clock.utc_of(60 * GST_SECOND, watched.segment);
  fail_unless(now && now->time >= before && now->time <= after);
  fail_unless_equals_string(now->source, "clock");
  watched.expect(50 * GST_SECOND, now->time - 10 * GST_SECOND, "clock");
  gst_element_set_clock(watched.element, nullptr);
  gst_object_unref(clock);
}

// ---- events -----------------------------------------------------------------------------------------------------

std::shared_ptr<GstStructure> first_event(const std::string& launch, bool referenced) {
  Setup setup;
  Stream stream(launch, setup.options);
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
  const auto event = first_event(kFive, true);
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
  const auto event = first_event(kFive + "source-id=door", false);
  fail_unless_equals_string(gst_structure_get_string(event.get(), "source"), "door");
  for (const char* field : {"utc-start", "utc-stop", "utc-source"})
    fail_if(gst_structure_has_field(event.get(), field));
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
  fail_unless(gvl_event_from_json("{\"utc-start\":\"yesterday\"}", &error) == nullptr);
  fail_unless(strstr(error->message, "utc-start") != nullptr, "%s", error->message);
  g_error_free(error);
}

}  // namespace
