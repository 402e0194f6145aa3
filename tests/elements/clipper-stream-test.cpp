/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlclipper as a sink: when its stream is over, how it prerolls, what it keeps.

#include <string>
#include <thread>

#include "stream.hpp"

using gvl::test::stat_of;

namespace {

constexpr GstClockTime kFrame = GST_SECOND / 10;

/** A clipper without a pipeline, and frames whose content is of no use. */
class Fed {
 public:
  explicit Fed(const char* properties) {
    GError* error = nullptr;
    clipper_ = gst_parse_launch((std::string("gvlclipper ") + properties).c_str(), &error);
    fail_unless(clipper_ && !error, "%s", error ? error->message : "");
    gst_element_set_bus(clipper_, bus_);
    sink_ = gst_element_get_static_pad(clipper_, "sink");
    play();
    begin_stream();
  }
  ~Fed() {
    gst_element_set_state(clipper_, GST_STATE_NULL);
    gst_element_set_bus(clipper_, nullptr);
    gst_object_unref(bus_);
    gst_object_unref(sink_);
    gst_object_unref(clipper_);
  }
  Fed(const Fed&) = delete;
  Fed& operator=(const Fed&) = delete;

  void play() { gst_element_set_state(clipper_, GST_STATE_PLAYING); }
  void pause() { gst_element_set_state(clipper_, GST_STATE_PAUSED); }
  void ready() { gst_element_set_state(clipper_, GST_STATE_READY); }
  void send(GstEvent* event) { gst_pad_send_event(sink_, event); }
  void begin_stream() {
    send(gst_event_new_stream_start("video"));
    GstCaps* caps = gst_caps_from_string("video/x-vp8,width=64,height=48,framerate=10/1");
    send(gst_event_new_caps(caps));
    gst_caps_unref(caps);
    begin();
  }
  void begin() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    send(gst_event_new_segment(&segment));
  }
  void push(int number, bool keyframe) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 1000, nullptr);
    gst_buffer_memset(buffer, 0, keyframe ? 0 : 1, 1000);  // as VP8 says it
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(number) * kFrame;
    GST_BUFFER_DURATION(buffer) = kFrame;
    if (!keyframe) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    fail_unless_equals_int(gst_pad_chain(sink_, buffer), GST_FLOW_OK);
  }
  guint64 stat(const char* name) const { return stat_of(clipper_, name); }
  /** How many have come since. */
  int messages(GstMessageType type) {
    int count = 0;
    while (GstMessage* message = gst_bus_pop_filtered(bus_, type)) {
      ++count;
      gst_message_unref(message);
    }
    return count;
  }
  GstElement* clipper() const { return clipper_; }

 private:
  GstElement* clipper_ = nullptr;
  GstBus* bus_ = gst_bus_new();
  GstPad* sink_ = nullptr;
};

GVL_TEST(the_end_is_posted_whenever_it_has_come) {
  Fed fed("");
  const auto ends = [&fed] { return fed.messages(GST_MESSAGE_EOS); };
  fed.push(0, true);
  fed.send(gst_event_new_eos());
  fail_unless_equals_int(ends(), 1);
  // Who was paused is asked again.
  fed.pause();
  fed.play();
  fail_unless_equals_int(ends(), 1);
  fed.send(gst_event_new_flush_start());
  fed.send(gst_event_new_flush_stop(TRUE));
  fed.pause();
  fed.play();
  fail_unless_equals_int(ends(), 0);
  fed.begin();
  GstPad* events = gst_element_request_pad_simple(fed.clipper(), "events");
  fed.push(1, true);
  fed.send(gst_event_new_eos());
  fail_unless_equals_int(ends(), 0);
  gst_pad_send_event(events, gst_event_new_stream_start("events"));
  gst_pad_send_event(events, gst_event_new_eos());
  fail_unless_equals_int(ends(), 1);
  gst_element_release_request_pad(fed.clipper(), events);
  gst_object_unref(events);
  // Of a stopped one nothing is left.
  fed.ready();
  fed.play();
  fail_unless_equals_int(ends(), 0);
}

// Else a bin may lose the end of a short file: it counts ends from when it plays, and others may preroll after it does.
GVL_TEST(it_prerolls) {
  Fed fed("");
  fed.ready();
  fail_unless_equals_int(gst_element_set_state(fed.clipper(), GST_STATE_PAUSED), GST_STATE_CHANGE_ASYNC);
  std::thread stream([&fed] {
    fed.begin_stream();
    fed.push(0, true);
    fed.send(gst_event_new_eos());
  });
  fail_unless_equals_int(gst_element_get_state(fed.clipper(), nullptr, nullptr, GST_CLOCK_TIME_NONE),
                         GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int(fed.messages(GST_MESSAGE_EOS), 0);
  fed.play();
  stream.join();
  fail_unless_equals_int(fed.messages(GST_MESSAGE_EOS), 1);
}

GVL_TEST(what_is_kept_is_bounded_without_keyframes) {
  for (const char* limits : {"history-bytes=10000", "history=1000000000"}) {
    Fed fed(limits);
    for (int i = 0; i < 100; ++i) {
      fed.push(i, i == 0);
      fail_unless(fed.stat("bytes") <= 10000 && fed.stat("frames") <= 10, "%s", limits);
    }
    fail_unless_equals_int(fed.messages(GST_MESSAGE_WARNING), 1);
    fail_unless_equals_uint64(fed.stat("frames"), 0);
    for (int i = 100; i < 105; ++i) fed.push(i, i == 100);
    fail_unless_equals_uint64(fed.stat("frames"), 5);
  }
}

}  // namespace
