/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlsegmentsevent.hpp"

#include "gvlguard.hpp"

namespace gvl::gst {

namespace {

using Holder = std::shared_ptr<InFlight>;

gpointer copy_holder(gpointer holder) { return new Holder(*static_cast<Holder*>(holder)); }
void free_holder(gpointer holder) { delete static_cast<Holder*>(holder); }

GType in_flight_get_type() {
  static const GType type = g_boxed_type_register_static("GvlInFlight", guarded<copy_holder>, free_holder);
  return type;
}

void set_tensors(GstStructure* structure, const std::vector<std::string>& tensors) {
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const auto& id : tensors) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, id.c_str());
    gst_value_array_append_and_take_value(&array, &value);
  }
  gst_structure_take_value(structure, "tensors", &array);
}

std::vector<std::string> tensors_of(const GstStructure* structure) {
  std::vector<std::string> tensors;
  const GValue* array = gst_structure_get_value(structure, "tensors");
  if (!array || !GST_VALUE_HOLDS_ARRAY(array)) return tensors;
  for (guint i = 0; i < gst_value_array_get_size(array); ++i) {
    const GValue* id = gst_value_array_get_value(array, i);
    if (G_VALUE_HOLDS_STRING(id) && g_value_get_string(id)) tensors.emplace_back(g_value_get_string(id));
  }
  return tensors;
}

std::shared_ptr<InFlight> in_flight_of(const GstStructure* structure) {
  const GValue* value = gst_structure_get_value(structure, "in-flight");
  if (!value || !G_VALUE_HOLDS(value, in_flight_get_type())) return nullptr;
  const auto* holder = static_cast<const Holder*>(g_value_get_boxed(value));
  return holder ? *holder : nullptr;
}

}  // namespace

GstEvent* segments_event_new(const SegmentsInfo& info) {
  const gboolean live = info.live, backward = info.backward, ended = info.ended;
  g_autofree gchar* model = g_utf8_make_valid(info.model.c_str(), -1);
  GstStructure* structure = gst_structure_new(
      kSegmentsEvent, "model", G_TYPE_STRING, model, "frames-per-segment", G_TYPE_UINT, info.frames_per_segment,
      "sequence", G_TYPE_UINT64, info.sequence, "session", G_TYPE_UINT64, info.session, "window-segments", G_TYPE_UINT,
      info.window_segments, "window-hop", G_TYPE_UINT, info.window_hop, "alert-hop", G_TYPE_UINT, info.alert_hop,
      "live", G_TYPE_BOOLEAN, live, "backward", G_TYPE_BOOLEAN, backward, "ended", G_TYPE_BOOLEAN, ended, "windows",
      G_TYPE_UINT64, info.windows, "in-flight", in_flight_get_type(), &info.in_flight, nullptr);
  set_tensors(structure, info.tensors);
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
}

std::optional<SegmentsInfo> parse_segments_event(GstEvent* event) {
  const GstStructure* structure = gst_event_get_structure(event);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CUSTOM_DOWNSTREAM_STICKY || !structure ||
      !gst_structure_has_name(structure, kSegmentsEvent))
    return std::nullopt;
  SegmentsInfo info;
  gboolean live = FALSE, backward = FALSE, ended = TRUE;
  info.in_flight = in_flight_of(structure);
  if (!info.in_flight ||
      !gst_structure_get(structure, "frames-per-segment", G_TYPE_UINT, &info.frames_per_segment, "sequence",
                         G_TYPE_UINT64, &info.sequence, "session", G_TYPE_UINT64, &info.session, "window-segments",
                         G_TYPE_UINT, &info.window_segments, "window-hop", G_TYPE_UINT, &info.window_hop, "alert-hop",
                         G_TYPE_UINT, &info.alert_hop, "live", G_TYPE_BOOLEAN, &live, "backward", G_TYPE_BOOLEAN,
                         &backward, "ended", G_TYPE_BOOLEAN, &ended, "windows", G_TYPE_UINT64, &info.windows, nullptr))
    return std::nullopt;
  if (const gchar* model = gst_structure_get_string(structure, "model")) info.model = model;
  info.live = live;
  info.backward = backward;
  info.ended = ended;
  info.tensors = tensors_of(structure);
  return info;
}

}  // namespace gvl::gst
