/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlevent.h"

#include <algorithm>

GstStructure* gvl_event_new(guint64 id, const gchar* task, const gchar* query, const gchar* text, GstClockTime start,
                            GstClockTime stop, gdouble confidence, GstClockTime window_start,
                            GstClockTime window_stop) {
  GstStructure* event =
      gst_structure_new(GVL_EVENT_NAME, "id", G_TYPE_UINT64, id, "task", G_TYPE_STRING, task, "query", G_TYPE_STRING,
                        query, "text", G_TYPE_STRING, text, "state", G_TYPE_STRING, "closed", nullptr);
  if (GST_CLOCK_TIME_IS_VALID(start) && GST_CLOCK_TIME_IS_VALID(stop)) {
    const auto [first, last] = std::minmax(start, stop);
    gst_structure_set(event, "start", G_TYPE_UINT64, std::clamp(first, window_start, window_stop), "stop",
                      G_TYPE_UINT64, std::clamp(last, window_start, window_stop), nullptr);
  }
  gst_structure_set(event, "confidence", G_TYPE_DOUBLE, std::clamp(confidence, 0.0, 1.0), "window-start", G_TYPE_UINT64,
                    window_start, "window-stop", G_TYPE_UINT64, window_stop, nullptr);
  return event;
}

void gvl_event_set_state(GstStructure* event, const gchar* state) {
  gst_structure_set(event, "state", G_TYPE_STRING, state, nullptr);
  if (g_strcmp0(state, "closed") != 0) gst_structure_remove_field(event, "stop");
}

GstStructure* gvl_answer_new(const gchar* task, const gchar* query, const gchar* text, gboolean found,
                             gdouble confidence, GstClockTime window_start, GstClockTime window_stop) {
  return gst_structure_new(GVL_ANSWER_NAME, "task", G_TYPE_STRING, task, "query", G_TYPE_STRING, query, "text",
                           G_TYPE_STRING, text, "found", G_TYPE_BOOLEAN, found, "confidence", G_TYPE_DOUBLE,
                           std::clamp(confidence, 0.0, 1.0), "window-start", G_TYPE_UINT64, window_start, "window-stop",
                           G_TYPE_UINT64, window_stop, nullptr);
}

static const GstStructure* named(const GstStructure* structure, const gchar* name) {
  return structure && gst_structure_has_name(structure, name) ? structure : nullptr;
}

static const GstStructure* message_named(GstMessage* message, const gchar* name) {
  return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT ? named(gst_message_get_structure(message), name) : nullptr;
}

static const GstStructure* event_named(GstEvent* event, const gchar* name) {
  return GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_DOWNSTREAM ? named(gst_event_get_structure(event), name) : nullptr;
}

const GstStructure* gvl_event_parse_message(GstMessage* message) { return message_named(message, GVL_EVENT_NAME); }

const GstStructure* gvl_event_parse_event(GstEvent* event) { return event_named(event, GVL_EVENT_NAME); }

const GstStructure* gvl_answer_parse_message(GstMessage* message) { return message_named(message, GVL_ANSWER_NAME); }

const GstStructure* gvl_answer_parse_event(GstEvent* event) { return event_named(event, GVL_ANSWER_NAME); }

GstEvent* gvl_metadata_event_new(GstBuffer* buffer) {
  GstEvent* event =
      gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                           gst_structure_new(GVL_METADATA_EVENT_NAME, "buffer", GST_TYPE_BUFFER, buffer, nullptr));
  gst_buffer_unref(buffer);
  return event;
}

GstBuffer* gvl_metadata_event_get_buffer(GstEvent* event) {
  const GstStructure* structure = event_named(event, GVL_METADATA_EVENT_NAME);
  GstBuffer* buffer = nullptr;
  if (structure) gst_structure_get(structure, "buffer", GST_TYPE_BUFFER, &buffer, nullptr);
  return buffer;
}
