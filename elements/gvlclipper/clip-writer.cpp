/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-writer.hpp"

#include <gst/app/gstappsrc.h>

#include <algorithm>

#include "gvl/error.hpp"
#include "gvlguard.hpp"

namespace gvl::gst {

namespace {

// What waits to be written before push() waits.
constexpr guint64 kMostWaiting = 64 << 20;

// What muxers ask of a stream, its parser makes of it, where GStreamer has it.
std::string parser_for(const GstCaps* caps) {
  static constexpr const char* kParsers[][2] = {{"video/x-h264", "h264parse"},
                                                {"video/x-h265", "h265parse"},
                                                {"video/x-av1", "av1parse"},
                                                {"video/x-vp9", "vp9parse"},
                                                {"video/mpeg", "mpeg4videoparse"}};
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  for (const auto& [name, parser] : kParsers) {
    if (!gst_structure_has_name(structure, name)) continue;
    GstElementFactory* factory = gst_element_factory_find(parser);
    if (!factory) return "";
    gst_object_unref(factory);
    return std::string(" ! ") + parser;
  }
  return "";
}

}  // namespace

std::string ClipWriter::launch_line() const {
  std::string line = "appsrc name=source format=time block=true max-bytes=" + std::to_string(kMostWaiting) +
                     " handle-segment-change=true";
  line += plan_.decode ? " ! decodebin" : plan_.encoder.empty() ? parser_for(caps_.get()) : "";
  if (!plan_.encoder.empty()) line += " ! videoconvert";
  line += " ! identity name=tap silent=true";
  if (!plan_.encoder.empty()) line += " ! " + plan_.encoder;
  return line + " ! " + plan_.muxer + " ! filesink name=file";
}

ClipWriter::ClipWriter(ClipPlan plan, const CapsPointer& caps, std::function<void()> done)
    : plan_(std::move(plan)), done_(std::move(done)), caps_(caps) {
  GError* error = nullptr;
  pipeline_ = gst_parse_launch_full(launch_line().c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (!pipeline_) {
    const std::string reason = error->message;
    g_error_free(error);
    throw Error(ErrorCode::kInvalidArgument, "a clip cannot be made with muxer \"" + plan_.muxer + "\" and encoder \"" +
                                                 plan_.encoder + "\": " + reason);
  }
  const auto child = [this](const char* name) {
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline_), name);
    gst_object_unref(element);  // the pipeline holds it
    return element;
  };
  source_ = child("source");
  g_object_set(child("file"), "location", plan_.path.c_str(), nullptr);
  GstPad* tap = gst_element_get_static_pad(child("tap"), "src");
  gst_pad_add_probe(tap, GST_PAD_PROBE_TYPE_BUFFER, guarded<on_frame>, this, nullptr);
  gst_object_unref(tap);
  GstBus* bus = gst_element_get_bus(pipeline_);
  gst_bus_set_sync_handler(bus, guarded<on_message>, this, nullptr);
  gst_object_unref(bus);
}

ClipWriter::~ClipWriter() {
  stop();
  gst_object_unref(pipeline_);
}

void ClipWriter::start() {
  if (gst_element_set_state(pipeline_, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) end("cannot be started");
}

void ClipWriter::stop() { gst_element_set_state(pipeline_, GST_STATE_NULL); }

void ClipWriter::push(const KeptFrame& frame) {
  GstAppSrc* source = GST_APP_SRC(source_);
  if (!begun_) {
    begun_ = true;
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    // As it is, a file begins with its keyframe; what is decoded is cut to the frame.
    segment.start = segment.time = plan_.encoder.empty() ? frame.time : plan_.start;
    if (!plan_.encoder.empty()) segment.stop = plan_.stop;
    GstSample* sample = gst_sample_new(frame.buffer.get(), caps_.get(), &segment, nullptr);
    gst_app_src_push_sample(source, sample);
    gst_sample_unref(sample);
    return;
  }
  gst_app_src_push_buffer(source, gst_buffer_ref(frame.buffer.get()));
}

void ClipWriter::finish() { gst_app_src_end_of_stream(GST_APP_SRC(source_)); }

ClipWriter::Outcome ClipWriter::outcome() const {
  std::lock_guard lock(mutex_);
  return outcome_;
}

GstPadProbeReturn ClipWriter::on_frame(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<ClipWriter*>(data);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(time)) return GST_PAD_PROBE_OK;
  const GstClockTime duration = GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
  const bool cut = !self->plan_.encoder.empty();
  if (cut && (time + duration <= self->plan_.start || time >= self->plan_.stop)) return GST_PAD_PROBE_DROP;
  std::lock_guard lock(self->mutex_);
  auto& outcome = self->outcome_;
  outcome.first = GST_CLOCK_TIME_IS_VALID(outcome.first) ? std::min(outcome.first, time) : time;
  outcome.last = GST_CLOCK_TIME_IS_VALID(outcome.last) ? std::max(outcome.last, time + duration) : time + duration;
  return GST_PAD_PROBE_OK;
}

void ClipWriter::end(const std::string& error) {
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    outcome_.error = error;
  }
  done_();
}

GstBusSyncReply ClipWriter::on_message(GstBus*, GstMessage* message, gpointer data) {
  auto* self = static_cast<ClipWriter*>(data);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) self->end("");
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    self->end(error->message);
    g_error_free(error);
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

}  // namespace gvl::gst
