/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlevent.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include <algorithm>

GstStructure* gvl_event_new(guint64 id, const gchar* task, const gchar* query, const gchar* text, GstClockTime start,
                            GstClockTime stop, gdouble confidence, GstClockTime window_start,
                            GstClockTime window_stop) {
  GstStructure* event = gst_structure_new(GVL_EVENT_NAME, "id", G_TYPE_UINT64, id, "task", G_TYPE_STRING, task, "query",
                                          G_TYPE_STRING, query, "text", G_TYPE_STRING, text, nullptr);
  if (GST_CLOCK_TIME_IS_VALID(start) && GST_CLOCK_TIME_IS_VALID(stop)) {
    const auto [first, last] = std::minmax(start, stop);
    gst_structure_set(event, "start", G_TYPE_UINT64, std::clamp(first, window_start, window_stop), "stop",
                      G_TYPE_UINT64, std::clamp(last, window_start, window_stop), nullptr);
  }
  gst_structure_set(event, "confidence", G_TYPE_DOUBLE, std::clamp(confidence, 0.0, 1.0), "window-start", G_TYPE_UINT64,
                    window_start, "window-stop", G_TYPE_UINT64, window_stop, nullptr);
  return event;
}

static const GstStructure* named(const GstStructure* structure, const gchar* name) {
  return structure && gst_structure_has_name(structure, name) ? structure : nullptr;
}

const GstStructure* gvl_event_parse_message(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT) return nullptr;
  return named(gst_message_get_structure(message), GVL_EVENT_NAME);
}

const GstStructure* gvl_event_parse_event(GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_CUSTOM_DOWNSTREAM) return nullptr;
  return named(gst_event_get_structure(event), GVL_EVENT_NAME);
}

static gboolean add_member(GQuark field, const GValue* value, gpointer builder) {
  json_builder_set_member_name(JSON_BUILDER(builder), g_quark_to_string(field));
  if (G_VALUE_HOLDS_UINT64(value))
    json_builder_add_int_value(JSON_BUILDER(builder), static_cast<gint64>(g_value_get_uint64(value)));
  else if (G_VALUE_HOLDS_DOUBLE(value))
    json_builder_add_double_value(JSON_BUILDER(builder), g_value_get_double(value));
  else
    json_builder_add_string_value(JSON_BUILDER(builder), g_value_get_string(value));
  return TRUE;
}

gchar* gvl_event_to_json(const GstStructure* event) {
  JsonBuilder* builder = json_builder_new();
  json_builder_begin_object(builder);
  gst_structure_foreach(event, add_member, builder);
  json_builder_end_object(builder);
  JsonNode* root = json_builder_get_root(builder);
  gchar* text = json_to_string(root, FALSE);
  json_node_unref(root);
  g_object_unref(builder);
  return text;
}

// ---- reading ----------------------------------------------------------------------------------------------------

static gboolean refuse(GError** error, const gchar* member, const gchar* what) {
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "\"%s\" %s", member, what);
  return FALSE;
}

static JsonNode* value_of(JsonObject* object, const gchar* member) {
  JsonNode* node = json_object_get_member(object, member);
  return node && !JSON_NODE_HOLDS_NULL(node) ? node : nullptr;
}

// Leaves `time` as it is where there is no such member.
static gboolean read_time(JsonObject* object, const gchar* member, guint64* time, GError** error) {
  JsonNode* node = value_of(object, member);
  if (!node) return TRUE;
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64 || json_node_get_int(node) < 0)
    return refuse(error, member, "is not a whole number of nanoseconds");
  *time = static_cast<guint64>(json_node_get_int(node));
  return TRUE;
}

static gboolean read_words(JsonObject* object, const gchar* member, const gchar** words, GError** error) {
  JsonNode* node = value_of(object, member);
  if (!node) return TRUE;
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
    return refuse(error, member, "is not a string");
  *words = json_node_get_string(node);
  return TRUE;
}

static gboolean read_confidence(JsonObject* object, gdouble* confidence, GError** error) {
  JsonNode* node = value_of(object, "confidence");
  if (!node) return TRUE;
  const GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
  if (type != G_TYPE_DOUBLE && type != G_TYPE_INT64) return refuse(error, "confidence", "is not a number");
  *confidence = json_node_get_double(node);
  if (*confidence >= 0 && *confidence <= 1) return TRUE;
  return refuse(error, "confidence", "is not within 0 and 1");
}

static GstStructure* read_event(JsonObject* object, GError** error) {
  guint64 id = 0, start = GST_CLOCK_TIME_NONE, stop = GST_CLOCK_TIME_NONE;
  const gchar *task = "grounding", *query = "", *text = "";
  gdouble confidence = 1;
  if (!read_time(object, "id", &id, error) || !read_time(object, "start", &start, error) ||
      !read_time(object, "stop", &stop, error) || !read_words(object, "task", &task, error) ||
      !read_words(object, "query", &query, error) || !read_words(object, "text", &text, error) ||
      !read_confidence(object, &confidence, error))
    return nullptr;
  const bool timed = GST_CLOCK_TIME_IS_VALID(start) && GST_CLOCK_TIME_IS_VALID(stop);
  guint64 window_start = timed ? start : 0, window_stop = timed ? stop : 0;
  if (!read_time(object, "window-start", &window_start, error) ||
      !read_time(object, "window-stop", &window_stop, error))
    return nullptr;
  if (timed && start > stop) return refuse(error, "stop", "comes before start"), nullptr;
  if (window_start > window_stop) return refuse(error, "window-stop", "comes before window-start"), nullptr;
  return gvl_event_new(id, task, query, text, start, stop, confidence, window_start, window_stop);
}

GstStructure* gvl_event_from_json(const gchar* line, GError** error) {
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  if (!json_parser_load_from_data(parser, line, -1, error)) return nullptr;
  JsonNode* root = json_parser_get_root(parser);
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "is no JSON object");
    return nullptr;
  }
  return read_event(json_node_get_object(root), error);
}

static void free_event(gpointer event) { gst_structure_free(static_cast<GstStructure*>(event)); }

GPtrArray* gvl_events_load(const gchar* file, GError** error) {
  g_autofree gchar* content = nullptr;
  if (!g_file_get_contents(file, &content, nullptr, error)) return nullptr;
  g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(free_event);
  g_auto(GStrv) lines = g_strsplit(content, "\n", -1);
  for (guint i = 0; lines[i]; ++i) {
    if (*g_strstrip(lines[i]) == '\0') continue;
    GstStructure* event = gvl_event_from_json(lines[i], error);
    if (!event) {
      g_prefix_error(error, "%s: line %u: ", file, i + 1);
      return nullptr;
    }
    g_ptr_array_add(events, event);
  }
  return static_cast<GPtrArray*>(g_steal_pointer(&events));
}

GstEvent* gvl_carrier_event_new(GstBuffer* buffer) {
  GstEvent* event =
      gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                           gst_structure_new(GVL_CARRIER_EVENT_NAME, "buffer", GST_TYPE_BUFFER, buffer, nullptr));
  gst_buffer_unref(buffer);
  return event;
}

GstBuffer* gvl_carrier_event_get_buffer(GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_CUSTOM_DOWNSTREAM) return nullptr;
  const GstStructure* structure = named(gst_event_get_structure(event), GVL_CARRIER_EVENT_NAME);
  GstBuffer* buffer = nullptr;
  if (structure) gst_structure_get(structure, "buffer", GST_TYPE_BUFFER, &buffer, nullptr);
  return buffer;
}
