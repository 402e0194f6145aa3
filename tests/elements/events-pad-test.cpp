/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The pad `events`: what it says, when, and that it stops nobody.

#include <cmath>
#include <mutex>

#include "five.hpp"
#include "gvlevent.h"

using namespace gvl::test;

namespace {

struct EventsBranch {
  std::mutex mutex;
  std::vector<GstBuffer*> buffers;
  std::vector<GstEventType> events;
  std::vector<GstSegment> segments;
  std::vector<GstClockTime> gaps;  // where they begin
  std::string caps;

  ~EventsBranch() {
    for (GstBuffer* buffer : buffers) gst_buffer_unref(buffer);
  }

  static GstPadProbeReturn probe(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<EventsBranch*>(data);
    std::lock_guard lock(self->mutex);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      self->buffers.push_back(gst_buffer_ref(GST_PAD_PROBE_INFO_BUFFER(info)));
      return GST_PAD_PROBE_OK;
    }
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    self->events.push_back(GST_EVENT_TYPE(event));
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
      self->segments.emplace_back();
      gst_event_copy_segment(event, &self->segments.back());
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      self->gaps.emplace_back();
      gst_event_parse_gap(event, &self->gaps.back(), nullptr);
    }
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
    GstCaps* caps;
    gst_event_parse_caps(event, &caps);
    self->caps = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    return GST_PAD_PROBE_OK;
  }

  void watch(Stream& stream) {
    GstPad* pad = gst_element_get_static_pad(stream.element("l"), "events");
    gst_pad_add_probe(pad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      probe, this, nullptr);
    gst_object_unref(pad);
  }

  // The bin ends when all its sinks have: the branch's own end comes as the sink's message.
  void wait_end(Stream& stream) {
    for (bool ended = false; !ended;) {
      g_usleep(1000);
      std::lock_guard lock(mutex);
      ended = !events.empty() && events.back() == GST_EVENT_EOS;
    }
  }

  std::string content(std::size_t i) {
    GstMapInfo map;
    gst_buffer_map(buffers.at(i), &map, GST_MAP_READ);
    std::string text(reinterpret_cast<const char*>(map.data), map.size);
    gst_buffer_unmap(buffers.at(i), &map);
    return text;
  }
};

GVL_TEST(the_three_deliveries_agree) {
  Setup setup(2 * GST_SECOND);
  Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
  EventsBranch branch;
  branch.watch(stream);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  stream.push_range(0, 50);
  stream.eos();
  branch.wait_end(stream);
  const auto messages = stream.element_messages(GVL_EVENT_NAME);
  bool eos = false;
  const auto events = take_stream_events(stream, &eos);
  fail_unless(eos);
  fail_unless_equals_int(messages.size(), 2);
  fail_unless_equals_int(events.size(), 2);
  fail_unless_equals_int(branch.buffers.size(), 2);
  for (int i = 0; i < 2; ++i) {
    const GstStructure* event = messages[i].get();
    fail_unless(gst_structure_is_equal(event, events[i].get()));
    fail_unless_equals_uint64(uint64_of(event, "id"), i);
    fail_unless_equals_string(gst_structure_get_string(event, "task"), "grounding");
    fail_unless_equals_string(gst_structure_get_string(event, "query"), "when");
    fail_unless_equals_string(gst_structure_get_string(event, "text"), "From a quarter to a half.");
    fail_unless_equals_uint64(uint64_of(event, "start"), i * GST_SECOND + GST_SECOND / 4);
    fail_unless_equals_uint64(uint64_of(event, "stop"), i * GST_SECOND + GST_SECOND / 2);
    fail_unless_equals_uint64(uint64_of(event, "window-start"), i * GST_SECOND);
    fail_unless_equals_uint64(uint64_of(event, "window-stop"), (i + 1) * GST_SECOND);
    gdouble confidence = 0;
    fail_unless(gst_structure_get_double(event, "confidence", &confidence));
    fail_unless_equals_float(confidence, 0.5);
    fail_unless(branch.content(i) == "From a quarter to a half.");
    fail_unless_equals_uint64(GST_BUFFER_PTS(branch.buffers[i]), uint64_of(event, "start"));
    fail_unless_equals_uint64(GST_BUFFER_DURATION(branch.buffers[i]), GST_SECOND / 4);
  }
  fail_unless_equals_string(branch.caps.c_str(), "text/x-raw");
  fail_unless_equals_int(branch.events.at(0), GST_EVENT_STREAM_START);
  fail_unless_equals_int(branch.events.at(1), GST_EVENT_CAPS);
  fail_unless_equals_int(branch.events.at(2), GST_EVENT_SEGMENT);
  fail_unless_equals_int(branch.events.at(3), GST_EVENT_GAP);
}

GstSegment video_segment(double rate, double applied_rate, GstClockTime start, GstClockTime stop, GstClockTime time,
                         GstClockTime base, GstClockTime offset) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = rate;
  segment.applied_rate = applied_rate;
  segment.start = start;
  segment.stop = stop;
  segment.time = time;
  segment.base = base;
  segment.offset = offset;
  return segment;
}

// Buffers have their events' times, and are shown when the video is that the events are about.
void check_times(EventsBranch& branch, const Structures& messages, const GstSegment& video) {
  fail_unless(!messages.empty());
  fail_unless_equals_int(branch.buffers.size(), messages.size());
  fail_unless_equals_int(branch.segments.size(), 1);
  const auto& own = branch.segments.front();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto start = uint64_of(messages[i].get(), "start"), stop = uint64_of(messages[i].get(), "stop");
    fail_unless_equals_uint64(GST_BUFFER_PTS(branch.buffers[i]), start);
    fail_unless_equals_uint64(GST_BUFFER_DURATION(branch.buffers[i]), stop - start);
    fail_unless_equals_uint64(gst_segment_to_stream_time(&own, GST_FORMAT_TIME, start), start);
    const auto shown = gst_segment_position_from_stream_time(&video, GST_FORMAT_TIME, start);
    fail_unless_equals_uint64(gst_segment_to_running_time(&own, GST_FORMAT_TIME, start),
                              gst_segment_to_running_time(&video, GST_FORMAT_TIME, shown));
  }
  for (const auto gap : branch.gaps) {
    guint64 running = 0;
    const int sign = gst_segment_to_running_time_full(&own, GST_FORMAT_TIME, gap, &running);
    fail_unless(sign != 0 && (sign < 0 ? running <= video.offset : running <= video.base + 4 * GST_SECOND),
                "a gap at %" GST_TIME_FORMAT, GST_TIME_ARGS(running));
  }
}

GVL_TEST(the_events_pad_counts_in_stream_time) {
  constexpr GstClockTime s = GST_SECOND, none = GST_CLOCK_TIME_NONE;
  const GstSegment segments[] = {
      video_segment(1, 1, 0, none, 0, 0, 0),
      video_segment(1, 1, 26 * s / 10, none, 0, 0, 0),           // an edit list
      video_segment(1, 1, 1000 * s, none, 7 * s, 3 * s, 0),      // a transport stream, after a seek
      video_segment(1, 1, 10 * s, 20 * s, 4 * s, 5 * s, 2 * s),  // part of it was played
      video_segment(2, 1, 10 * s, 20 * s, 0, 0, 0),              // faster
      video_segment(1, 2, 10 * s, 20 * s, 0, 0, 4 * s / 10),     // faster, by who sends it
      video_segment(-1, 1, 10 * s, 20 * s, 0, 1 * s, 0),         // backwards
      video_segment(1, -1, 10 * s, 20 * s, 0, 1 * s, 0),         // backwards, by who sends it
      video_segment(-1, -1, 10 * s, 20 * s, 0, 1 * s, 0),        // twice backwards
  };
  for (const auto& video : segments) {
    Setup setup(std::nullopt);
    setup.options.segment = false;
    Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
    EventsBranch branch;
    branch.watch(stream);
    g_object_set(stream.element("s"), "window-duration", 2 * s, nullptr);
    stream.send(gst_event_new_segment(&video));
    for (int i = 0; i < 100; ++i)
      stream.push_at(i, video.rate > 0 ? video.start + i * s / 25 : video.stop - (i + 1) * s / 25);
    stream.eos();
    branch.wait_end(stream);
    check_times(branch, stream.element_messages(GVL_EVENT_NAME), video);
  }
}

// A rate that no number holds, as the product of two, an offset beyond all times, and no end to count back from.
GVL_TEST(the_events_pad_bears_any_segment) {
  constexpr GstClockTime none = GST_CLOCK_TIME_NONE;
  for (const auto& video :
       {video_segment(1e-200, 1e-200, 0, none, 0, 0, 0), video_segment(1e200, 1e200, 0, none, 0, 0, GST_SECOND),
        video_segment(1, 1e-9, 0, none, 0, none - 1, none - 1), video_segment(1, -1, 0, none, 0, 0, 0)}) {
    Setup setup(std::nullopt);
    setup.options.segment = false;
    Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
    EventsBranch branch;
    branch.watch(stream);
    stream.send(gst_event_new_segment(&video));
    stream.push_range(0, 25);
    stream.eos();
    branch.wait_end(stream);
    stream.expect_no_error();
    for (const auto& segment : branch.segments)
      fail_unless(std::isnormal(segment.rate) && segment.applied_rate == 1, "rate %g", segment.rate);
  }
}

GVL_TEST(what_played_before_a_segment_without_times_is_told) {
  Setup setup(std::nullopt);
  Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
  EventsBranch branch;
  branch.watch(stream);
  stream.push_range(0, 25);
  GstSegment bytes;
  gst_segment_init(&bytes, GST_FORMAT_BYTES);
  stream.send(gst_event_new_segment(&bytes));
  stream.eos();
  branch.wait_end(stream);
  const auto messages = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(messages.size(), 1);
  fail_unless_equals_int(branch.buffers.size(), 1);
  fail_unless_equals_uint64(GST_BUFFER_PTS(branch.buffers.at(0)), uint64_of(messages.at(0).get(), "start"));
}

GVL_TEST(the_events_pad_speaks_json) {
  Setup setup;
  Stream stream(kFive + "l.events ! application/x-json ! fakesink sync=false async=false", setup.options);
  EventsBranch branch;
  branch.watch(stream);
  stream.push_range(0, 25);
  stream.eos();
  branch.wait_end(stream);
  const auto messages = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_string(branch.caps.c_str(), "application/x-json");
  gchar* json = gvl_event_to_json(messages.at(0).get());
  fail_unless(branch.content(0) == std::string(json) + "\n");
  g_free(json);
}

GVL_TEST(event_times_are_stream_times) {
  Setup setup(100 * GST_SECOND);
  Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
  EventsBranch branch;
  branch.watch(stream);
  stream.new_segment(1, 1, 5 * GST_SECOND, 6 * GST_SECOND, 42 * GST_SECOND);
  for (int i = 0; i < 25; ++i) stream.push_at(i, 5 * GST_SECOND + i * 40 * GST_MSECOND);
  stream.eos();
  branch.wait_end(stream);
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_uint64(uint64_of(events.at(0).get(), "start"), 42250 * GST_MSECOND);
  fail_unless_equals_uint64(uint64_of(events.at(0).get(), "stop"), 42500 * GST_MSECOND);
  fail_unless_equals_uint64(GST_BUFFER_PTS(branch.buffers.at(0)), 42250 * GST_MSECOND);
}

GVL_TEST(a_blocked_events_branch_does_not_block_the_video) {
  Setup setup(10 * GST_SECOND);
  Stream stream(kFive + "l.events ! fakesink sync=false async=false", setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  GstPad* pad = gst_element_get_static_pad(stream.element("l"), "events");
  const auto block = [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; };
  const auto probe = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, block, nullptr, nullptr);
  fail_unless_equals_int(stream.push_range(0, 250), GST_FLOW_OK);
  stream.eos();
  bool eos = false;
  fail_unless_equals_int(take_stream_events(stream, &eos).size(), 10);
  fail_unless(eos);
  gst_pad_remove_probe(pad, probe);
  gst_object_unref(pad);
}

GVL_TEST(events_pads_come_and_go) {
  GstElement* llm = gst_element_factory_make("gvlgroundedllm", nullptr);
  GstElement* bin = gst_element_factory_make("gvlground", nullptr);
  for (GstElement* element : {llm, bin}) {
    GstPad* pad = gst_element_request_pad_simple(element, "events");
    fail_unless(pad != nullptr);
    gst_element_release_request_pad(element, pad);
    gst_object_unref(pad);
    pad = gst_element_request_pad_simple(element, "events");
    fail_unless(pad != nullptr);
    gst_object_unref(pad);
    gst_object_unref(element);
  }
}

}  // namespace
