/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What editing programs read, of events that are made here: timecodes, edit decision lists, OpenTimelineIO.

#include <json-glib/json-glib.h>

#include <cmath>

#include "ground/edit-list.hpp"
#include "ground/frame-count.hpp"
#include "gvlevent.h"
#include "support/testing.hpp"

namespace {

constexpr guint64 kMillisecond = GST_MSECOND;

void check_same(const std::string& text, const char* expected) { ck_assert_str_eq(text.c_str(), expected); }

FrameCount frames_of(int numerator, int denominator, const std::string& first = "", GstClockTime begin = 0) {
  std::string fault;
  const auto frames = FrameCount::make(numerator, denominator, begin, first, fault);
  ck_assert_msg(frames.has_value(), "%d/%d: %s", numerator, denominator, fault.c_str());
  return *frames;
}

std::string fault_of(int numerator, int denominator, const std::string& first = "") {
  std::string fault;
  ck_assert(!FrameCount::make(numerator, denominator, 0, first, fault));
  return fault;
}

EventPointer event(const char* query, guint64 start, guint64 stop) {
  return {gvl_event_new(7, "grounding", query, "From \"here\" to there.", start, stop, 0.83, 0, 3600 * GST_SECOND),
          gst_structure_free};
}

FoundEvents found_in(GstClockTime duration, std::vector<EventPointer> events) {
  return {"/videos/a day.mkv", "", duration, std::move(events)};
}

std::string list_of(const FoundEvents& found, const FrameCount& frames) {
  std::string fault;
  const std::string list = edit_list(found, frames, fault);
  check_same(fault, "");
  return list;
}

void check_has(const std::string& text, const char* part) {
  ck_assert_msg(text.find(part) != text.npos, "no \"%s\" in \"%s\"", part, text.c_str());
}

void check_number(double found, double expected) {
  ck_assert_msg(std::abs(found - expected) < 1e-9, "%.12g, not %.12g", found, expected);
}

void check_timecode(const FrameCount& frames, gint64 frame, const char* expected) {
  check_same(frames.timecode(frame), expected);
}

// SMPTE ST 12-1: two numbers are left out at each minute but for every tenth, four at 59.94.
GVL_TEST(frame_numbers_are_dropped_as_smpte_says) {
  const FrameCount ntsc = frames_of(30000, 1001), twice = frames_of(60000, 1001);
  ck_assert(ntsc.drops() && twice.drops());
  check_timecode(ntsc, 0, "00:00:00;00");
  check_timecode(ntsc, 1799, "00:00:59;29");
  check_timecode(ntsc, 1800, "00:01:00;02");
  check_timecode(ntsc, 17981, "00:09:59;29");
  check_timecode(ntsc, 17982, "00:10:00;00");
  check_timecode(ntsc, 107892, "01:00:00;00");
  check_timecode(twice, 3599, "00:00:59;59");
  check_timecode(twice, 3600, "00:01:00;04");
  check_timecode(twice, 35964, "00:10:00;00");
}

GVL_TEST(other_rates_drop_nothing) {
  check_timecode(frames_of(25, 1), 25 * 60, "00:01:00:00");
  check_timecode(frames_of(24000, 1001), 24 * 60, "00:01:00:00");
  check_timecode(frames_of(50, 1), 49, "00:00:00:49");
  check_timecode(frames_of(60, 1), 60 * 3600, "01:00:00:00");
  check_timecode(frames_of(30, 1), 1800, "00:01:00:00");
  check_timecode(frames_of(30000, 1001, "00:00:00:00"), 1800, "00:01:00:00");
}

GVL_TEST(a_rate_that_is_nearly_a_usual_one_is_that) {
  // 29.97 as decimals, and a frame's time in whole microseconds.
  for (const auto& [numerator, denominator] : {std::pair(2997, 100), std::pair(1000000, 33367)}) {
    const FrameCount frames = frames_of(numerator, denominator);
    ck_assert(frames.drops());
    check_number(frames.rate(), 30000.0 / 1001);
  }
}

GVL_TEST(a_first_timecode_is_where_frames_are_counted_from) {
  const FrameCount frames = frames_of(25, 1, "10:59:59:24");
  check_timecode(frames, 0, "10:59:59:24");
  check_timecode(frames, 1, "11:00:00:00");
  ck_assert_int_eq(frames.first(), 11 * 3600 * 25 - 1);
  ck_assert_int_eq(frames_of(30000, 1001, "01:00:00;00").first(), 107892);
  check_timecode(frames.from_hour(1), 0, "01:00:00:00");
}

GVL_TEST(frames_are_counted_from_the_first_one) {
  const FrameCount frames = frames_of(25, 1, "", 700 * kMillisecond);
  ck_assert_int_eq(frames.frame_at(700 * kMillisecond), 0);
  ck_assert_int_eq(frames.frame_at(3700 * kMillisecond), 75);
  ck_assert_int_eq(frames.frame_at(0), 0);
  check_timecode(frames, 75, "00:00:03:00");
  // A transport stream's duration does not have what is before the first frame.
  const FoundEvents found = found_in(10 * GST_SECOND, {event("a dog", 9700 * kMillisecond, 10700 * kMillisecond)});
  check_has(list_of(found, frames), " 00:00:09:00 00:00:10:00 01:00:00:00 01:00:01:00\n");
}

GVL_TEST(what_cannot_be_counted_is_named) {
  check_has(fault_of(0, 1), "no constant frame rate");
  check_has(fault_of(25, 2), "12.5 frames a second");
  for (const int rate : {15, 48, 90})
    check_has(fault_of(rate * 1000, 1001), "frames a second, which no timecode counts");
  check_has(fault_of(25, 1, "00:00:00:25"), "no timecode 00:00:00:25");
  check_has(fault_of(25, 1, "00:00:00;00"), "no timecode 00:00:00;00");
  check_has(fault_of(30000, 1001, "00:01:00;00"), "no timecode 00:01:00;00");
  check_has(fault_of(30000, 1001, "24:00:00;00"), "no timecode 24:00:00;00");
}

GVL_TEST(timecodes_are_known_by_their_form) {
  for (const char* good : {"01:02:03:04", "01:02:03;04"}) ck_assert(is_timecode(good));
  for (const char* bad : {"", "1:02:03:04", "01:02:03", "01:02:03.04", "01:02:03:04\n", "01;02:03:04", " 01:02:03:04"})
    ck_assert_msg(!is_timecode(bad), "\"%s\"", bad);
}

GVL_TEST(an_edit_list_has_events_one_after_the_other) {
  const auto found = found_in(20 * GST_SECOND, {event("a\nb", 3 * GST_SECOND, 6 * GST_SECOND + 20 * kMillisecond),
                                                event("it freezes", 5 * GST_SECOND, 7 * GST_SECOND)});
  check_same(list_of(found, frames_of(25, 1)),
             "TITLE: a day.mkv\n"
             "FCM: NON-DROP FRAME\n"
             "\n"
             "001  AX       V     C        00:00:03:00 00:00:06:01 01:00:00:00 01:00:03:01\n"
             "* FROM CLIP NAME: a day.mkv\n"
             "* COMMENT: 3.00 s - 6.02 s  0.83  a b: From \"here\" to there.\n"
             "\n"
             "002  AX       V     C        00:00:05:00 00:00:07:00 01:00:03:01 01:00:05:01\n"
             "* FROM CLIP NAME: a day.mkv\n"
             "* COMMENT: 5.00 s - 7.00 s  0.83  it freezes: From \"here\" to there.\n");
}

GVL_TEST(an_edit_list_of_dropped_frame_numbers_says_so) {
  const auto found = found_in(3600 * GST_SECOND, {event("q", 60060 * kMillisecond, 61061 * kMillisecond)});
  const std::string list = list_of(found, frames_of(30000, 1001));
  check_has(list, "\nFCM: DROP FRAME\n");
  check_has(list, "00:01:00;02 00:01:01;02 01:00:00;00 01:00:01;00\n");
}

GVL_TEST(an_edit_has_a_frame_and_none_behind_the_video) {
  const auto found = found_in(
      10 * GST_SECOND, {event("short", GST_SECOND, GST_SECOND + 1), event("late", 10 * GST_SECOND, 12 * GST_SECOND)});
  const std::string list = list_of(found, frames_of(25, 1));
  check_has(list, "00:00:01:00 00:00:01:01 01:00:00:00 01:00:00:01\n");
  check_has(list, "00:00:09:24 00:00:10:00 01:00:00:01 01:00:00:02\n");
}

GVL_TEST(an_edit_list_has_room_for_999) {
  std::vector<EventPointer> events(999, event("q", GST_SECOND, 2 * GST_SECOND));
  const FrameCount frames = frames_of(25, 1);
  check_has(list_of(found_in(GST_CLOCK_TIME_NONE, events), frames), "\n999  AX");
  events.push_back(events.front());
  std::string fault;
  check_same(edit_list(found_in(GST_CLOCK_TIME_NONE, events), frames, fault), "");
  check_has(fault, "1000 events, and an edit decision list has room for 999");
}

// ---- OpenTimelineIO ---------------------------------------------------------------------------------------------

using NodePointer = std::shared_ptr<JsonNode>;

NodePointer timeline_of(const FoundEvents& found, const FrameCount& frames) {
  g_autoptr(GError) error = nullptr;
  JsonNode* root = json_from_string(otio_timeline(found, frames).c_str(), &error);
  ck_assert_msg(root != nullptr, "%s", error ? error->message : "");
  return {root, json_node_unref};
}

/** The only object that a path leads to. */
JsonObject* at(const NodePointer& root, const char* path) {
  g_autoptr(JsonNode) found = json_path_query(path, root.get(), nullptr);
  ck_assert(found != nullptr);
  ck_assert_msg(json_array_get_length(json_node_get_array(found)) == 1, "%s", path);
  return json_array_get_object_element(json_node_get_array(found), 0);  // the root's
}

void check_schema(JsonObject* object, const char* schema) {
  ck_assert_str_eq(json_object_get_string_member(object, "OTIO_SCHEMA"), schema);
}

void check_time(JsonObject* range, const char* member, double value, double rate) {
  JsonObject* time = json_object_get_object_member(range, member);
  check_schema(time, "RationalTime.1");
  check_number(json_object_get_double_member(time, "value"), value);
  check_number(json_object_get_double_member(time, "rate"), rate);
}

void check_range(JsonObject* object, const char* member, double start, double duration, double rate) {
  JsonObject* range = json_object_get_object_member(object, member);
  check_schema(range, "TimeRange.1");
  check_time(range, "start_time", start, rate);
  check_time(range, "duration", duration, rate);
}

constexpr const char* kTrack = "$.tracks.children[0]";
constexpr const char* kClip = "$.tracks.children[0].children[0]";

GVL_TEST(a_timeline_is_the_video_with_a_marker_for_each_event) {
  const auto found = found_in(20 * GST_SECOND, {event("it freezes", 3 * GST_SECOND, 6 * GST_SECOND),
                                                event("", 5 * GST_SECOND, 7 * GST_SECOND)});
  const auto root = timeline_of(found, frames_of(25, 1, "00:00:10:00"));
  JsonObject* timeline = json_node_get_object(root.get());
  check_schema(timeline, "Timeline.1");
  check_time(timeline, "global_start_time", 250, 25);
  check_schema(at(root, "$.tracks"), "Stack.1");
  check_schema(at(root, kTrack), "Track.1");
  ck_assert_str_eq(json_object_get_string_member(at(root, kTrack), "kind"), "Video");
  JsonObject* clip = at(root, kClip);
  check_schema(clip, "Clip.2");
  check_range(clip, "source_range", 250, 500, 25);
  ck_assert_str_eq(json_object_get_string_member(clip, "active_media_reference_key"), "DEFAULT_MEDIA");
  JsonObject* media = at(root, "$.tracks.children[0].children[0].media_references.DEFAULT_MEDIA");
  check_schema(media, "ExternalReference.1");
  ck_assert_str_eq(json_object_get_string_member(media, "target_url"), "file:///videos/a%20day.mkv");
  check_range(media, "available_range", 250, 500, 25);
  ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(clip, "markers")), 2);
}

GVL_TEST(a_marker_says_what_is_known_of_its_event) {
  const auto found = found_in(20 * GST_SECOND, {event("it freezes", 3 * GST_SECOND, 6 * GST_SECOND),
                                                event("", 5 * GST_SECOND, 7 * GST_SECOND)});
  const auto root = timeline_of(found, frames_of(30000, 1001));
  JsonArray* markers = json_object_get_array_member(at(root, kClip), "markers");
  JsonObject* marker = json_array_get_object_element(markers, 0);
  check_schema(marker, "Marker.2");
  ck_assert_str_eq(json_object_get_string_member(marker, "name"), "it freezes");
  ck_assert_str_eq(json_object_get_string_member(marker, "comment"), "From \"here\" to there.");
  check_range(marker, "marked_range", 90, 90, 30000.0 / 1001);
  JsonObject* metadata = json_object_get_object_member(marker, "metadata");
  JsonObject* ours = json_object_get_object_member(metadata, "gst-grounded-video");
  check_number(json_object_get_double_member(ours, "confidence"), 0.83);
  ck_assert_int_eq(json_object_get_int_member(ours, "start"), 3 * GST_SECOND);
  // Without words that were asked for, it is called what was said.
  JsonObject* second = json_array_get_object_element(markers, 1);
  ck_assert_str_eq(json_object_get_string_member(second, "name"), "From \"here\" to there.");
}

GVL_TEST(a_video_of_unknown_length_goes_as_far_as_its_events) {
  const auto found = found_in(GST_CLOCK_TIME_NONE, {event("q", 3 * GST_SECOND, 6 * GST_SECOND)});
  check_range(at(timeline_of(found, frames_of(25, 1)), kClip), "source_range", 0, 150, 25);
  check_range(at(timeline_of(found_in(GST_CLOCK_TIME_NONE, {}), frames_of(25, 1)), kClip), "source_range", 0, 1, 25);
}

}  // namespace
