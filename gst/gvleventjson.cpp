/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvleventjson.hpp"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "gvl/task.hpp"
#include "gvlevent.h"
#include "gvlutcclock.hpp"

// Also of events that others made: a value that JSON cannot hold is null, one of another type what GStreamer writes.
static void add_value(JsonBuilder* builder, const GValue* value) {
  GValue number = G_VALUE_INIT;
  g_value_init(&number, G_TYPE_INT64);
  if (G_VALUE_HOLDS_BOOLEAN(value)) {
    json_builder_add_boolean_value(builder, g_value_get_boolean(value));
  } else if (G_VALUE_HOLDS_DOUBLE(value) && std::isfinite(g_value_get_double(value))) {
    json_builder_add_double_value(builder, g_value_get_double(value));
  } else if (G_VALUE_HOLDS_STRING(value)) {
    json_builder_add_string_value(builder, g_value_get_string(value));
  } else if (G_VALUE_HOLDS_DOUBLE(value) || (G_VALUE_HOLDS_UINT64(value) && g_value_get_uint64(value) > G_MAXINT64)) {
    json_builder_add_null_value(builder);
  } else if (g_value_transform(value, &number)) {
    json_builder_add_int_value(builder, g_value_get_int64(&number));
  } else {
    g_autofree gchar* text = gst_value_serialize(value);
    json_builder_add_string_value(builder, text);
  }
}

static gboolean add_member(GQuark field, const GValue* value, gpointer builder) {
  json_builder_set_member_name(JSON_BUILDER(builder), g_quark_to_string(field));
  add_value(JSON_BUILDER(builder), value);
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
    read_words("state", state);
    const auto known = {"open", "update", "closed", "withdrawn"};
    if (std::find(known.begin(), known.end(), state) == known.end())
      refuse("state", "is none of open, update, closed, withdrawn");
    // What goes on has no end yet.
    if (state != "closed" && GST_CLOCK_TIME_IS_VALID(start)) stop = std::max(start, window_stop);
    read_confidence();
    read_origin();
    const bool timed = GST_CLOCK_TIME_IS_VALID(start) && GST_CLOCK_TIME_IS_VALID(stop);
    window_start = timed ? start : 0;
    window_stop = timed ? stop : 0;
    read_time("window-start", window_start);
    read_time("window-stop", window_stop);
    if (timed && start > stop) refuse("stop", "comes before start");
    if (window_start > window_stop) refuse("window-stop", "comes before window-start");
  }

  guint64 id = 0, start = GST_CLOCK_TIME_NONE, stop = GST_CLOCK_TIME_NONE, window_start = 0, window_stop = 0;
  std::string task{name_of(gvl::Task::kGrounding)}, query, text, state = "closed";
  double confidence = 1;
  std::map<std::string, std::string> origin;  // which camera, what time: those members that there are

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

  void read_origin() {
    for (const char* member : {"source", "stream-id", "utc-start", "utc-stop", "utc-source"})
      if (value_of(member)) read_words(member, origin[member]);
    for (const char* member : {"utc-start", "utc-stop"}) {
      const auto found = origin.find(member);
      if (found == origin.end()) continue;
      g_autofree gchar* utc = gvl::gst::utc_text_of(found->second.c_str());
      if (!utc) refuse(member, "is no time of ISO 8601 with a time zone");
      found->second = utc;
    }
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

}  // namespace

namespace gvl::gst {

GstStructure* event_of_line(std::string_view line) {
  const JsonMembers members = gvl::read_json_line(line);
  const EventLine line_of(members);
  GstStructure* event =
      gvl_event_new(line_of.id, line_of.task.c_str(), line_of.query.c_str(), line_of.text.c_str(), line_of.start,
                    line_of.stop, line_of.confidence, line_of.window_start, line_of.window_stop);
  gvl_event_set_state(event, line_of.state.c_str());
  for (const auto& [member, words] : line_of.origin)
    gst_structure_set(event, member.c_str(), G_TYPE_STRING, words.c_str(), nullptr);
  return event;
}

void set_invalid_data(GError** error, const std::exception& failure) {
  g_autofree gchar* text = g_utf8_make_valid(failure.what(), -1);
  g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, text);
}

}  // namespace gvl::gst

GstStructure* gvl_event_from_json(const gchar* line, GError** error) {
  try {
    return gvl::gst::event_of_line(line);
  } catch (const std::exception& failure) {
    return gvl::gst::set_invalid_data(error, failure), nullptr;
  }
}
