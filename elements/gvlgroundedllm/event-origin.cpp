/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event-origin.hpp"

namespace gvl::gst {

namespace {

// Names that an application gives may be any bytes; a structure holds UTF-8.
void set_text(GstStructure* said, const char* field, const std::string& text) {
  g_autofree gchar* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  gst_structure_set(said, field, G_TYPE_STRING, valid, nullptr);
}

void set_utc(GstStructure* said, const char* field, GstClockTime utc) {
  if (!GST_CLOCK_TIME_IS_VALID(utc)) return;
  g_autofree gchar* text = utc_to_text(utc);
  set_text(said, field, text);
}

}  // namespace

void EventOrigin::stream_starts(GstEvent* event) {
  const gchar* id = nullptr;
  gst_event_parse_stream_start(event, &id);
  auto stream = std::make_shared<StreamOrigin>(element_, id ? id : "");
  std::lock_guard lock(mutex_);
  stream_.swap(stream);
}

std::shared_ptr<StreamOrigin> EventOrigin::stream() const {
  std::lock_guard lock(mutex_);
  return stream_;
}

std::string EventOrigin::source() const {
  if (auto id = source_id_(); !id.empty()) return id;
  GstObject* parent = gst_object_get_parent(GST_OBJECT(element_));
  const bool in_bin = parent && g_str_equal(G_OBJECT_TYPE_NAME(parent), "GvlGround");
  g_autofree gchar* name = gst_object_get_name(in_bin ? parent : GST_OBJECT(element_));
  if (parent) gst_object_unref(parent);
  return name;
}

void EventOrigin::describe(GstStructure* said, const StreamOrigin& stream, const GstSegment& segment) const {
  set_text(said, "source", source());
  if (!stream.id.empty()) set_text(said, "stream-id", stream.id);
  const bool timed = gst_structure_has_field(said, "start");
  GstClockTime start = GST_CLOCK_TIME_NONE, stop = GST_CLOCK_TIME_NONE;
  gst_structure_get_uint64(said, timed ? "start" : "window-start", &start);
  gst_structure_get_uint64(said, timed ? "stop" : "window-stop", &stop);
  const auto utc = stream.utc.utc_of(start, stop, segment);
  if (!utc) return;
  set_utc(said, "utc-start", utc->start);
  set_utc(said, "utc-stop", utc->stop);
  set_text(said, "utc-source", utc->source);
}

}  // namespace gvl::gst
