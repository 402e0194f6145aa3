/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cameras-bench/camera.hpp"

#include <gst/app/gstappsrc.h>

#include <cmath>
#include <stdexcept>

#include "gvlevent.h"

namespace gvl::benchmarks {

namespace {

guint64 nanoseconds(double seconds) { return static_cast<guint64>(std::llround(seconds * GST_SECOND)); }

void set_queries(GstElement* ground, const std::vector<std::string>& queries) {
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const auto& query : queries) {
    GValue text = G_VALUE_INIT;
    g_value_init(&text, G_TYPE_STRING);
    g_value_set_string(&text, query.c_str());
    gst_value_array_append_and_take_value(&array, &text);
  }
  g_object_set_property(G_OBJECT(ground), "queries", &array);
  g_value_unset(&array);
}

void set_up(GstElement* ground, const std::string& name, const CameraSettings& settings) {
  g_object_set(ground, "source-id", name.c_str(), "model", settings.model.c_str(), "answer-batch",
               static_cast<guint>(settings.answer_batch), "temporal-batch", static_cast<guint>(settings.temporal_batch),
               "window-duration", nanoseconds(settings.window), "window-overlap", settings.overlap, "alert-latency",
               nanoseconds(settings.alerts), nullptr);
  set_queries(ground, settings.queries);
}

guint64 field(const GstStructure* from, const char* name) {
  guint64 value = 0;
  gst_structure_get_uint64(from, name, &value);
  return value;
}

bool is(const GstStructure* said, const char* field, const char* value) {
  return g_strcmp0(gst_structure_get_string(said, field), value) == 0;
}

}  // namespace

Camera::Camera(int number, const CameraSettings& settings, const Footage& footage, Clock::time_point begin, long frames)
    : name_("camera-" + std::to_string(number)), footage_(footage), begin_(begin), frames_(frames) {
  const std::string decoder = settings.decode ? "decodebin ! " : "";
  g_autoptr(GError) error = nullptr;
  pipeline_ = gst_parse_launch(("appsrc name=source is-live=true format=time ! " + decoder +
                                "gvlground name=ground ! fakesink sync=false async=false")
                                   .c_str(),
                               &error);
  if (error) throw std::runtime_error(error->message);
  source_ = gst_bin_get_by_name(GST_BIN(pipeline_), "source");
  ground_ = gst_bin_get_by_name(GST_BIN(pipeline_), "ground");
  g_object_set(source_, "caps", footage.caps(), nullptr);
  set_up(ground_, name_, settings);
  GstBus* bus = gst_element_get_bus(pipeline_);
  gst_bus_set_sync_handler(bus, on_message, this, nullptr);
  gst_object_unref(bus);
  gst_element_set_state(pipeline_, GST_STATE_PLAYING);
}

Camera::~Camera() {
  gst_element_set_state(pipeline_, GST_STATE_NULL);
  gst_object_unref(ground_);
  gst_object_unref(source_);
  gst_object_unref(pipeline_);
}

GstBusSyncReply Camera::on_message(GstBus*, GstMessage* message, gpointer self) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT) return GST_BUS_PASS;
  static_cast<Camera*>(self)->take(gst_message_get_structure(message));
  return GST_BUS_DROP;
}

void Camera::take(const GstStructure* said) {
  const bool closed = gst_structure_has_name(said, GVL_EVENT_NAME) && is(said, "state", "closed");
  std::lock_guard lock(mutex_);
  result_.overloads += gst_structure_has_name(said, "gvl-overload") && is(said, "state", "begins");
  result_.events += closed;
  if (!closed && !gst_structure_has_name(said, GVL_ANSWER_NAME)) return;
  const std::chrono::duration<double> latency = Clock::now() - time_of(field(said, "window-stop"));
  result_.latencies.push_back(latency.count());
}

std::optional<Clock::time_point> Camera::due() const {
  if (pushed_ == frames_) return std::nullopt;
  return time_of(gst_util_uint64_scale(static_cast<guint64>(pushed_), GST_SECOND, kFrameRate));
}

void Camera::push() { gst_app_src_push_buffer(GST_APP_SRC(source_), footage_.frame(pushed_++)); }

void Camera::end() { gst_app_src_end_of_stream(GST_APP_SRC(source_)); }

CameraResult Camera::result() {
  GstBus* bus = gst_element_get_bus(pipeline_);
  GstMessage* last = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
                                                static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  gst_object_unref(bus);
  g_autoptr(GError) error = nullptr;
  if (GST_MESSAGE_TYPE(last) == GST_MESSAGE_ERROR) gst_message_parse_error(last, &error, nullptr);
  gst_message_unref(last);
  if (error) throw std::runtime_error(name_ + ": " + error->message);
  GstStructure* stats = nullptr;
  g_object_get(ground_, "stats", &stats, nullptr);
  std::lock_guard lock(mutex_);
  result_.name = name_;
  result_.segments = field(stats, "segments");
  result_.dropped = field(stats, "skipped");
  result_.windows = field(stats, "windows-asked");
  gst_structure_free(stats);
  return result_;
}

}  // namespace gvl::benchmarks
