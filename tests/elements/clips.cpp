/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clips.hpp"

#include <algorithm>
#include <fstream>
#include <mutex>
#include <sstream>

#include "gvlevent.h"

namespace gvl::test {

namespace {

constexpr GstClockTime kFrame = GST_SECOND / 10;

void send_caps(GstPad* pad, const char* text) {
  GstCaps* caps = gst_caps_from_string(text);
  gst_pad_send_event(pad, gst_event_new_caps(caps));
  gst_caps_unref(caps);
}

void send_segment(GstPad* pad) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_send_event(pad, gst_event_new_segment(&segment));
}

}  // namespace

// ---- sound ------------------------------------------------------------------------------------------------------

FedClipper::Sound::Sound(FedClipper& clipper, const char* pad, const char* caps)
    : clipper_(clipper), pad_(clipper.request(pad)) {
  gst_pad_send_event(pad_, gst_event_new_stream_start("sound"));
  set_caps(caps);
  send_segment(pad_);
}

FedClipper::Sound::~Sound() { clipper_.release(pad_); }

void FedClipper::Sound::set_caps(const char* caps) { send_caps(pad_, caps); }

void FedClipper::Sound::push(GstClockTime from, GstClockTime to, GstClockTime length) {
  for (GstClockTime at = from; at < to; at += length) push_one(at, std::min(length, to - at));
}

void FedClipper::Sound::push_one(GstClockTime time, GstClockTime duration) {
  std::vector<gint16> samples(duration / GST_MSECOND);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<gint16>(static_cast<int>(time / GST_MSECOND + i) + mark_);
  GstBuffer* buffer = gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(gint16));
  GST_BUFFER_PTS(buffer) = time;
  GST_BUFFER_DURATION(buffer) = duration;
  gst_pad_chain(pad_, buffer);
}

void FedClipper::Sound::gap(GstClockTime time, GstClockTime duration) {
  gst_pad_send_event(pad_, gst_event_new_gap(time, duration));
}

void FedClipper::Sound::flush() {
  gst_pad_send_event(pad_, gst_event_new_flush_start());
  gst_pad_send_event(pad_, gst_event_new_flush_stop(TRUE));
  send_segment(pad_);
}

void FedClipper::Sound::end() { gst_pad_send_event(pad_, gst_event_new_eos()); }

// ---- video ------------------------------------------------------------------------------------------------------

FedClipper::FedClipper(const std::string& properties, const char* video) {
  GError* error = nullptr;
  clipper_ = gst_parse_launch(("gvlclipper " + properties).c_str(), &error);
  fail_unless(clipper_ && !error, "%s", error ? error->message : "");
  gst_element_set_bus(clipper_, bus_);
  sink_ = gst_element_get_static_pad(clipper_, "sink");
  gst_element_set_state(clipper_, GST_STATE_PLAYING);
  gst_pad_send_event(sink_, gst_event_new_stream_start("video"));
  if (g_str_has_prefix(video, "video/x-raw")) frame_bytes_ = 64 * 48 * 3 / 2;
  send_caps(sink_, (std::string(video) + ",width=64,height=48,framerate=10/1").c_str());
  send_segment(sink_);
}

FedClipper::~FedClipper() {
  sounds_.clear();
  gst_element_set_state(clipper_, GST_STATE_NULL);
  gst_element_set_bus(clipper_, nullptr);
  gst_object_unref(bus_);
  gst_object_unref(sink_);
  gst_object_unref(clipper_);
}

GstPad* FedClipper::request(const char* name) {
  GstPad* pad = gst_element_request_pad_simple(clipper_, name);
  fail_unless(pad != nullptr, "%s", name);
  return pad;
}

void FedClipper::release(GstPad* pad) {
  gst_element_release_request_pad(clipper_, pad);
  gst_object_unref(pad);
}

void FedClipper::add_event(guint64 id, GstClockTime start, GstClockTime stop) { tell(id, "closed", start, stop); }

void FedClipper::tell(guint64 id, const char* state, GstClockTime start, GstClockTime stop) {
  tell_of("", id, state, start, stop);
}

void FedClipper::tell_of(const char* source, guint64 id, const char* state, GstClockTime start, GstClockTime stop) {
  GstStructure* event = gvl_event_new(id, "grounding", "q", "", start, std::max(start, stop), 1, 0, G_MAXINT64);
  gvl_event_set_state(event, state);
  gst_structure_set(event, "source", G_TYPE_STRING, source, nullptr);
  gst_pad_send_event(sink_, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, event));
}

void FedClipper::set_caps(const char* caps) { send_caps(sink_, caps); }

void FedClipper::flush() {
  gst_pad_send_event(sink_, gst_event_new_flush_start());
  gst_pad_send_event(sink_, gst_event_new_flush_stop(TRUE));
  send_segment(sink_);
  // It prerolls again; a pipeline would see to the rest.
  gst_element_set_state(clipper_, GST_STATE_PLAYING);
}

void FedClipper::push(int number, bool keyframe) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, frame_bytes_, nullptr);
  gst_buffer_memset(buffer, 0, keyframe ? 0 : 1, frame_bytes_);  // as VP8 says it
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(number) * kFrame;
  GST_BUFFER_DURATION(buffer) = kFrame;
  if (!keyframe) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  fail_unless_equals_int(gst_pad_chain(sink_, buffer), GST_FLOW_OK);
}

void FedClipper::end() { gst_pad_send_event(sink_, gst_event_new_eos()); }

// ---- messages ---------------------------------------------------------------------------------------------------

void FedClipper::take(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
    GError* warning = nullptr;
    gst_message_parse_warning(message, &warning, nullptr);
    warnings_.emplace_back(warning->message);
    g_error_free(warning);
  }
  gst_message_unref(message);
}

void FedClipper::wait_for_end() {
  for (bool over = false; !over;) {
    GstMessage* message = gst_bus_timed_pop(bus_, GST_CLOCK_TIME_NONE);
    over = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    take(message);
  }
}

const std::vector<std::string>& FedClipper::warnings() {
  while (GstMessage* message = gst_bus_pop_filtered(bus_, GST_MESSAGE_WARNING)) take(message);
  return warnings_;
}

// ---- files ------------------------------------------------------------------------------------------------------

namespace {

struct Reading {
  std::mutex mutex;
  ClipContent content;
};

GstPadProbeReturn on_buffer(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto* reading = static_cast<Reading*>(data);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  gint16 first = 0;
  gst_buffer_extract(buffer, 0, &first, sizeof(first));
  std::lock_guard lock(reading->mutex);
  reading->content[GST_PAD_NAME(pad)].push_back({GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer), first,
                                                 static_cast<int>(gst_buffer_get_size(buffer) / sizeof(first))});
  return GST_PAD_PROBE_OK;
}

void on_pad(GstElement* demuxer, GstPad* pad, gpointer data) {
  auto* reading = static_cast<Reading*>(data);
  {
    std::lock_guard lock(reading->mutex);
    reading->content[GST_PAD_NAME(pad)];
  }
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, data, nullptr);
  GstElement* sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "async", FALSE, "sync", FALSE, nullptr);
  GstObject* pipeline = gst_object_get_parent(GST_OBJECT(demuxer));
  gst_bin_add(GST_BIN(pipeline), sink);
  GstPad* target = gst_element_get_static_pad(sink, "sink");
  gst_pad_link(pad, target);
  gst_object_unref(target);
  gst_object_unref(pipeline);
  gst_element_sync_state_with_parent(sink);
}

}  // namespace

std::string text_of_file(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

ClipContent content_of(const std::string& file, const char* demuxer) {
  GError* error = nullptr;
  const std::string line = "filesrc location=\"" + file + "\" ! " + demuxer + " name=demuxer";
  GstElement* pipeline = gst_parse_launch(line.c_str(), &error);
  fail_unless(pipeline && !error, "%s", error ? error->message : "");
  Reading reading;
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), "demuxer");
  g_signal_connect(element, "pad-added", G_CALLBACK(on_pad), &reading);
  gst_object_unref(element);
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage* message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
                                                   static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless(GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS, "%s", file.c_str());
  gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  return reading.content;
}

}  // namespace gvl::test
