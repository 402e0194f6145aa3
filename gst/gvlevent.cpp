/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlevent.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include <algorithm>
#include <exception>
#include <string>

#include "gvl/error.hpp"
#include "gvl/json_line.hpp"

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

namespace {

using gvl::JsonMembers;
using gvl::JsonScalar;

// What a line says; the members that it does not have keep their defaults. Throws for what is no event.
struct EventLine {
  explicit EventLine(const JsonMembers& members) : members_(members) {
    read_time("id", id);
    read_time("start", start);
    read_time("stop", stop);
    read_words("task", task);
    read_words("query", query);
    read_words("text", text);
    read_confidence();
    const bool timed = GST_CLOCK_TIME_IS_VALID(start) && GST_CLOCK_TIME_IS_VALID(stop);
    window_start = timed ? start : 0;
    window_stop = timed ? stop : 0;
    read_time("window-start", window_start);
    read_time("window-stop", window_stop);
    if (timed && start > stop) refuse("stop", "comes before start");
    if (window_start > window_stop) refuse("window-stop", "comes before window-start");
  }

  guint64 id = 0, start = GST_CLOCK_TIME_NONE, stop = GST_CLOCK_TIME_NONE, window_start = 0, window_stop = 0;
  std::string task = "grounding", query, text;
  double confidence = 1;

 private:
  [[noreturn]] static void refuse(const char* member, const char* what) {
    throw gvl::Error(gvl::ErrorCode::kMalformed, "\"" + std::string(member) + "\" " + what);
  }

  // None where it is absent or null.
  const JsonScalar* value_of(const char* member) const {
    const auto found = members_.find(member);
    return found == members_.end() || std::holds_alternative<std::nullptr_t>(found->second) ? nullptr : &found->second;
  }

  void read_time(const char* member, guint64& time) const {
    const JsonScalar* value = value_of(member);
    if (!value) return;
    const auto* number = std::get_if<std::int64_t>(value);
    if (!number || *number < 0) refuse(member, "is not a whole number of nanoseconds");
    time = static_cast<guint64>(*number);
  }

  void read_words(const char* member, std::string& words) const {
    const JsonScalar* value = value_of(member);
    if (!value) return;
    const auto* given = std::get_if<std::string>(value);
    if (!given) refuse(member, "is not a string");
    words = *given;
  }

  void read_confidence() {
    const JsonScalar* value = value_of("confidence");
    if (!value) return;
    if (const auto* whole = std::get_if<std::int64_t>(value)) {
      confidence = static_cast<double>(*whole);
    } else if (const auto* number = std::get_if<double>(value)) {
      confidence = *number;
    } else {
      refuse("confidence", "is not a number");
    }
    if (!(confidence >= 0 && confidence <= 1)) refuse("confidence", "is not within 0 and 1");
  }

  const JsonMembers& members_;
};

// What a file of events may need in memory, at most: a constant, and so many times its size.
constexpr gsize kMemoryFloor = gsize{8} << 20;
constexpr gsize kMemoryPerByte = 64;
constexpr gsize kMemoryOfEvent = 1024;  // without its words

void set_error(GError** error, const std::exception& failure) {
  g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, failure.what());
}

GstStructure* event_of(std::string_view line) {
  const JsonMembers members = gvl::read_json_line(line);
  const EventLine event(members);
  return gvl_event_new(event.id, event.task.c_str(), event.query.c_str(), event.text.c_str(), event.start, event.stop,
                       event.confidence, event.window_start, event.window_stop);
}

void free_event(gpointer event) { gst_structure_free(static_cast<GstStructure*>(event)); }

void append_events(const gchar* file, GPtrArray* events) {
  gvl::JsonLines lines(file);
  std::string line;
  while (lines.next(line)) {
    const auto fail = [&](const std::string& what) {
      throw gvl::Error(gvl::ErrorCode::kMalformed,
                       std::string(file) + ": line " + std::to_string(lines.number()) + ": " + what);
    };
    try {
      g_ptr_array_add(events, event_of(line));
    } catch (const gvl::Error& error) {
      fail(error.what());
    }
    if (events->len * kMemoryOfEvent > kMemoryFloor + kMemoryPerByte * lines.bytes()) {
      fail("the events need more memory than 64 times the file's size: most of the lines say nothing");
    }
  }
}

}  // namespace

GstStructure* gvl_event_from_json(const gchar* line, GError** error) {
  try {
    return event_of(line);
  } catch (const std::exception& failure) {
    return set_error(error, failure), nullptr;
  }
}

GPtrArray* gvl_events_load(const gchar* file, GError** error) {
  g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(free_event);
  try {
    append_events(file, events);
    return static_cast<GPtrArray*>(g_steal_pointer(&events));
  } catch (const std::exception& failure) {
    return set_error(error, failure), nullptr;
  }
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
