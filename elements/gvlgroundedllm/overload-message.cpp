/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overload-message.hpp"

#include "gvloverload.hpp"

namespace gvl::gst {

namespace {

void set_queries(GstStructure* said, const std::vector<Query>& queries) {
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const auto& query : queries) {
    GValue text = G_VALUE_INIT;
    g_value_init(&text, G_TYPE_STRING);
    g_value_take_string(&text, g_utf8_make_valid(query.text.data(), static_cast<gssize>(query.text.size())));
    gst_value_array_append_and_take_value(&array, &text);
  }
  gst_structure_take_value(said, "queries", &array);
}

}  // namespace

GstMessage* overload_message_new(GstElement* element, GstEvent* event, const EventOrigin& origin,
                                 const GstSegment& segment, const std::vector<Query>& queries) {
  if (!gst_event_has_name(event, kOverload)) return nullptr;
  GstStructure* said = gst_structure_copy(gst_event_get_structure(event));
  origin.describe(said, *origin.stream(), segment);
  set_queries(said, queries);
  return gst_message_new_element(GST_OBJECT(element), said);
}

}  // namespace gvl::gst
