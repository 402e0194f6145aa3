/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event-origin.hpp"

namespace gvl::gst {

namespace {

void set_text(GstStructure* said, const char* field, const char* text) {
  gst_structure_set(said, field, G_TYPE_STRING, text, nullptr);
}

}  // namespace

void EventOrigin::stream_starts(GstEvent* event) {
  const gchar* id = nullptr;
  gst_event_parse_stream_start(event, &id);
  std::lock_guard lock(mutex_);
  stream_id_ = id ? id : "";
}

std::string EventOrigin::source() const {
  if (auto id = source_id_(); !id.empty()) return id;
  GstObject* parent = gst_object_get_parent(GST_OBJECT(element_));
  const bool in_bin = parent && g_str_equal(G_OBJECT_TYPE_NAME(parent), "GvlGround");
  g_autofree gchar* name = gst_object_get_name(in_bin ? parent : GST_OBJECT(element_));
  if (parent) gst_object_unref(parent);
  return name;
}

void EventOrigin::describe(GstStructure* said, const GstSegment& segment) const {
  set_text(said, "source", source().c_str());
  {
    std::lock_guard lock(mutex_);
    if (!stream_id_.empty()) set_text(said, "stream-id", stream_id_.c_str());
  }
  const bool timed = gst_structure_has_field(said, "start");
  guint64 time = 0;
  const char* source = nullptr;
  for (const auto& [from, to] : {std::pair{timed ? "start" : "window-start", "utc-start"},
                                 std::pair{timed ? "stop" : "window-stop", "utc-stop"}}) {
    if (!gst_structure_get_uint64(said, from, &time)) continue;
    const auto utc = utc_.utc_of(time, segment);
    if (!utc) continue;
    g_autofree gchar* text = utc_to_text(utc->time);
    set_text(said, to, text);
    if (!source) source = utc->source;
  }
  if (source) set_text(said, "utc-source", source);
}

}  // namespace gvl::gst
