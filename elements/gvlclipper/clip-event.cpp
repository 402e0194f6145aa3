/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-event.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace gvl::gst {

namespace {

std::optional<StreamTime> time_of(const GstStructure* event, const char* field) {
  guint64 time = 0;
  if (!gst_structure_get_uint64(event, field, &time)) return std::nullopt;
  return static_cast<StreamTime>(std::min<guint64>(time, G_MAXINT64));
}

std::string_view words_of(const GstStructure* event, const char* field) {
  const char* words = gst_structure_get_string(event, field);
  return words ? words : "";
}

guint64 id_of(const GstStructure* event) {
  guint64 id = 0;
  gst_structure_get_uint64(event, "id", &id);
  return id;
}

SharedEvent own_event(GstStructure* event) {
  return {event, [](const GstStructure* owned) { gst_structure_free(const_cast<GstStructure*>(owned)); }};
}

}  // namespace

bool ClipEvent::is_whole(const GstStructure* event) { return time_of(event, "start") && time_of(event, "stop"); }

bool ClipEvent::is_alert(const GstStructure* event) {
  return words_of(event, "state") == "open" && time_of(event, "start");
}

bool ClipEvent::is_over(const GstStructure* event) {
  const auto state = words_of(event, "state");
  return state == "closed" || state == "withdrawn";
}

ClipEvent::ClipEvent(const GstStructure* event, bool goes_on)
    : event_(own_event(gst_structure_copy(event))), goes_on_(goes_on) {}

SharedEvent ClipEvent::now() const {
  std::lock_guard lock(mutex_);
  return event_;
}

bool ClipEvent::goes_on() const {
  std::lock_guard lock(mutex_);
  return goes_on_;
}

bool ClipEvent::is_wanted() const {
  std::lock_guard lock(mutex_);
  return goes_on_ || is_whole(event_.get());
}

Interval ClipEvent::times(GstClockTime longest) const {
  std::lock_guard lock(mutex_);
  const StreamTime start = *time_of(event_.get(), "start");
  const auto stop = goes_on_ ? std::nullopt : time_of(event_.get(), "stop");
  return {start, stop.value_or(start + std::min(G_MAXINT64 - start, static_cast<StreamTime>(longest)))};
}

bool ClipEvent::is_same(const GstStructure* event) const {
  const SharedEvent known = now();
  return id_of(known.get()) == id_of(event) && words_of(known.get(), "source") == words_of(event, "source");
}

void ClipEvent::tell(const GstStructure* event) {
  std::lock_guard lock(mutex_);
  GstStructure* known = gst_structure_copy(event_.get());
  const auto set = [](GQuark field, const GValue* value, gpointer to) -> gboolean {
    gst_structure_id_set_value(static_cast<GstStructure*>(to), field, value);
    return TRUE;
  };
  gst_structure_foreach(event, set, known);
  if (words_of(event, "state") == "withdrawn") gst_structure_remove_field(known, "stop");
  event_ = own_event(known);
  goes_on_ = goes_on_ && !is_over(event);
}

void ClipEvent::give_up() {
  std::lock_guard lock(mutex_);
  goes_on_ = false;
}

}  // namespace gvl::gst
