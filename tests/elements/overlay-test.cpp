/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvloverlay: what is drawn when, from files and from the stream.

#include <algorithm>
#include <filesystem>

#include "gvlevent.h"
#include "stream.hpp"
#include "support/temporary.hpp"

using gvl::test::Stream;
using gvl::test::StreamOptions;

namespace {

constexpr int kWidth = 320, kHeight = 240;
// The timeline strip is a thirtieth of the height, a bar a sixtieth.
constexpr int kStrip = 8, kBar = 4;
constexpr int kGrey = 100;

/** A file of events for one test. */
class EventsFile {
 public:
  explicit EventsFile(const char* lines) { gvl::test::write_file(path(), lines); }

  std::string launch(const std::string& more = "") const { return "gvloverlay events=" + path().string() + " " + more; }

 private:
  std::filesystem::path path() const { return folder_ / "events.jsonl"; }

  gvl::test::TemporaryFolder folder_;
};

StreamOptions options() {
  StreamOptions options;
  options.caps = "video/x-raw,format=RGB,width=320,height=240,framerate=1/1";
  options.duration = 100 * GST_SECOND;
  return options;
}

/** A frame that came out: which of its bytes are not what went in. */
class Picture {
 public:
  explicit Picture(Stream& stream) : buffer_(stream.try_pull()) {
    fail_unless(buffer_ != nullptr);
    fail_unless(gst_buffer_map(buffer_, &map_, GST_MAP_READ));
    fail_unless_equals_int(map_.size, kWidth * kHeight * 3);
  }
  ~Picture() {
    gst_buffer_unmap(buffer_, &map_);
    gst_buffer_unref(buffer_);
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  GstBuffer* buffer() const { return buffer_; }
  const guint8* at(int x, int y) const { return map_.data + (y * kWidth + x) * 3; }
  bool drawn(int x, int y) const { return at(x, y)[0] != kGrey || at(x, y)[1] != kGrey || at(x, y)[2] != kGrey; }
  bool coloured(int x, int y) const {
    const auto [low, high] = std::minmax({at(x, y)[0], at(x, y)[1], at(x, y)[2]});
    return high - low > 40;
  }
  int drawn_rows() const {
    int rows = 0;
    for (int y = 0; y < kHeight; ++y) {
      bool any = false;
      for (int x = 0; x < kWidth; ++x) any = any || drawn(x, y);
      rows += any ? 1 : 0;
    }
    return rows;
  }

 private:
  GstBuffer* buffer_;
  GstMapInfo map_;
};

void push_second(Stream& stream, int second) {
  fail_unless_equals_int(stream.push_at(kGrey, second * GST_SECOND), GST_FLOW_OK);
}

constexpr const char* kOneEvent =
    "{\"query\":\"it rains\",\"start\":20000000000,\"stop\":60000000000,\"confidence\":0.5}\n";

GVL_TEST(a_file_of_events_is_shown_when_it_says) {
  const EventsFile file(kOneEvent);
  Stream stream(file.launch(), options());
  push_second(stream, 10);
  {
    // Before the event: the strip alone, with the event from 20 % to 60 % of it and the playhead at 10 %.
    const Picture picture(stream);
    fail_unless_equals_int(picture.drawn_rows(), kStrip);
    const int middle = kHeight - kStrip / 2;
    fail_unless(!picture.coloured(kWidth * 15 / 100, middle) && picture.coloured(kWidth * 25 / 100, middle));
    fail_unless(picture.coloured(kWidth * 55 / 100, middle) && !picture.coloured(kWidth * 65 / 100, middle));
    fail_unless(picture.at(kWidth / 10, middle)[0] > 200);
  }
  push_second(stream, 50);
  {
    // Three quarters of the event are over, and so much of the bar is filled; words stand above it.
    const Picture picture(stream);
    const int bar = kHeight - kStrip - kBar + 1;
    fail_unless(picture.coloured(kWidth * 70 / 100, bar) && !picture.coloured(kWidth * 80 / 100, bar));
    fail_unless(picture.drawn_rows() > kStrip + kBar + 8, "no words: %d rows", picture.drawn_rows());
  }
  push_second(stream, 60);
  const Picture picture(stream);
  fail_unless_equals_int(picture.drawn_rows(), kStrip);
  stream.expect_no_error();
}

GVL_TEST(nothing_is_drawn_where_nothing_is_to_be_said) {
  const EventsFile file(kOneEvent);
  Stream stream(file.launch("timeline=false"), options());
  push_second(stream, 10);
  const Picture picture(stream);
  fail_unless_equals_int(picture.drawn_rows(), 0);
}

GVL_TEST(events_of_the_stream_linger) {
  Stream stream("gvloverlay timeline=false linger=3000000000", options());
  push_second(stream, 30);
  const auto send = [&](GstClockTime start, GstClockTime stop) {
    GstStructure* event = gvl_event_new(0, "grounding", "q", "t", start, stop, 1, 0, 30 * GST_SECOND);
    fail_unless(stream.send(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, event)));
  };
  send(5 * GST_SECOND, 8 * GST_SECOND);
  const bool shown[] = {true, true, false};  // in seconds 31, 32, 33: it came in second 30
  fail_unless_equals_int(Picture(stream).drawn_rows(), 0);
  for (int i = 0; i < 3; ++i) {
    push_second(stream, 31 + i);
    fail_unless((Picture(stream).drawn_rows() > 0) == shown[i], "second %d", 31 + i);
  }
  // In another pass over the same time it is shown where it is; in another stream it is forgotten.
  stream.flush();
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  push_second(stream, 6);
  fail_unless(Picture(stream).drawn_rows() > 0);
  stream.send(gst_event_new_stream_start("another"));
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  push_second(stream, 7);
  fail_unless_equals_int(Picture(stream).drawn_rows(), 0);
}

GVL_TEST(an_open_event_grows_until_it_is_closed_or_withdrawn) {
  Stream stream("gvloverlay linger=3000000000", options());
  int second = 20;
  const auto tell = [&](guint64 id, const char* state) {
    GstStructure* event =
        gvl_event_new(id, "grounding", "q", "t", 20 * GST_SECOND, 30 * GST_SECOND, 1, 0, 90 * GST_SECOND);
    gvl_event_set_state(event, state);
    fail_unless(stream.send(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, event)));
  };
  // Columns of the strip with the event's colour.
  const auto length = [&] {
    push_second(stream, ++second);
    const Picture picture(stream);
    int columns = 0;
    for (int x = 0; x < kWidth; ++x) columns += picture.coloured(x, kHeight - kStrip / 2) ? 1 : 0;
    return columns;
  };
  push_second(stream, second);
  gst_buffer_unref(stream.try_pull());
  tell(1, "open");
  const int first = length();
  tell(1, "update");
  second = 39;
  const int later = length();
  fail_unless(0 < first && first < later, "%d and then %d columns", first, later);
  fail_unless(std::abs(later - kWidth * 20 / 100) <= 3, "%d columns", later);
  tell(1, "closed");
  second = 59;
  fail_unless(std::abs(length() - kWidth * 10 / 100) <= 3);
  tell(2, "open");
  tell(2, "withdrawn");
  second = 79;
  fail_unless(std::abs(length() - kWidth * 10 / 100) <= 3);
}

GVL_TEST(times_are_stream_time) {
  const EventsFile file(kOneEvent);
  Stream stream(file.launch("timeline=false"), options());
  // Timestamps from 1,000 s on stand for the stream from 15 s on.
  stream.new_segment(1, 1, 1000 * GST_SECOND, GST_CLOCK_TIME_NONE, 15 * GST_SECOND);
  push_second(stream, 1004);
  fail_unless_equals_int(Picture(stream).drawn_rows(), 0);
  push_second(stream, 1006);
  fail_unless(Picture(stream).drawn_rows() > 0);
}

GVL_TEST(sinks_that_blend_get_picture_and_overlay_apart) {
  const EventsFile file(kOneEvent);
  Stream stream(file.launch(), options());
  gst_harness_add_propose_allocation_meta(stream.harness(), GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
  gst_pad_mark_reconfigure(stream.harness()->srcpad);
  stream.set_caps("video/x-raw,format=RGB,width=320,height=240,framerate=2/1");
  push_second(stream, 30);
  const Picture picture(stream);
  fail_unless_equals_int(picture.drawn_rows(), 0);
  const auto* meta = gst_buffer_get_video_overlay_composition_meta(picture.buffer());
  fail_unless(meta != nullptr);
  fail_unless_equals_int(gst_video_overlay_composition_n_rectangles(meta->overlay), 2);  // words and board
}

GVL_TEST(words_are_no_markup) {
  const EventsFile file("{\"query\":\"a <b & c> d\",\"start\":0,\"stop\":60000000000}\n");
  Stream stream(file.launch("timeline=false"), options());
  push_second(stream, 1);
  fail_unless(Picture(stream).drawn_rows() > kBar + 8);
  stream.expect_no_error();
}

GVL_TEST(a_bad_file_is_one_clear_error) {
  const auto expect = [](const std::string& file, const char* named) {
    GstElement* overlay = gst_element_factory_make("gvloverlay", nullptr);
    GstBus* bus = gst_bus_new();
    gst_element_set_bus(overlay, bus);
    g_object_set(overlay, "events", file.c_str(), nullptr);
    fail_unless_equals_int(gst_element_set_state(overlay, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    fail_unless(strstr(error->message, file.c_str()) && strstr(error->message, named), "%s", error->message);
    g_error_free(error);
    gst_message_unref(message);
    gst_element_set_state(overlay, GST_STATE_NULL);
    gst_element_set_bus(overlay, nullptr);
    gst_object_unref(bus);
    gst_object_unref(overlay);
  };
  expect("/nowhere/events.jsonl", "No such file");
  const gvl::test::TemporaryFolder folder;
  const std::string path = folder / "events.jsonl";
  const char* const file = path.c_str();
  fail_unless(g_file_set_contents(file, "{}\nnonsense\n", -1, nullptr));
  expect(file, "line 2");
}

}  // namespace
