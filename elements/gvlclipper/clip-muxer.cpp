/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-muxer.hpp"

#include <gst/base/gstaggregator.h>

#include <algorithm>
#include <array>
#include <functional>

namespace gvl::gst {

namespace {

bool is_for_streams(const GstPadTemplate* pad) {
  return GST_PAD_TEMPLATE_DIRECTION(pad) == GST_PAD_SINK && GST_PAD_TEMPLATE_PRESENCE(pad) == GST_PAD_REQUEST;
}

/** Calls `use` with each template of a pad for a stream, until that says true. */
bool any_of_templates(GstElement* element, const std::function<bool(GstPadTemplate*)>& use) {
  const GList* pads = gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element));
  for (; pads; pads = pads->next) {
    auto* pad = static_cast<GstPadTemplate*>(pads->data);
    if (is_for_streams(pad) && use(pad)) return true;
  }
  return false;
}

gint compare_muxer(gconstpointer item, gconstpointer) {
  auto* element = static_cast<GstElement*>(g_value_get_object(static_cast<const GValue*>(item)));
  return any_of_templates(element, [](GstPadTemplate*) { return true; }) ? 0 : 1;
}

TrackKind kind_of(const GstStructure* format) {
  static constexpr std::array kSubtitles{"text/",
                                         "subtitle/",
                                         "subpicture/",
                                         "closedcaption/",
                                         "application/x-ssa",
                                         "application/x-ass",
                                         "application/x-usf",
                                         "application/x-subtitle",
                                         "application/x-teletext"};
  const gchar* name = gst_structure_get_name(format);
  if (g_str_has_prefix(name, "audio/")) return TrackKind::kSound;
  const bool subtitles = std::any_of(kSubtitles.begin(), kSubtitles.end(),
                                     [name](const char* prefix) { return g_str_has_prefix(name, prefix); });
  return subtitles ? TrackKind::kSubtitles : TrackKind::kData;
}

bool is_picture(const GstStructure* format) {
  const gchar* name = gst_structure_get_name(format);
  return g_str_has_prefix(name, "video/") || g_str_has_prefix(name, "image/");
}

}  // namespace

GstElement* find_muxer(GstBin* bin) {
  GstIterator* elements = gst_bin_iterate_recurse(bin);
  GValue found = G_VALUE_INIT;
  GstElement* muxer = nullptr;
  if (gst_iterator_find_custom(elements, compare_muxer, &found, nullptr)) {
    muxer = static_cast<GstElement*>(g_value_dup_object(&found));
    g_value_unset(&found);
  }
  gst_iterator_free(elements);
  return muxer;
}

SharedCaps caps_of_tracks(const std::string& muxer, TrackKind kind) {
  GstElement* bin =
      gst_parse_bin_from_description_full(muxer.c_str(), FALSE, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, nullptr);
  if (!bin) return own(gst_caps_new_any());
  GstElement* found = find_muxer(GST_BIN(bin));
  GstCaps* caps = gst_caps_new_empty();
  const auto add = [&](GstPadTemplate* pad) {
    GstCaps* of_pad = gst_pad_template_get_caps(pad);
    for (guint i = 0; i < gst_caps_get_size(of_pad); ++i) {
      const GstStructure* format = gst_caps_get_structure(of_pad, i);
      if (!is_picture(format) && kind_of(format) == kind)
        caps = gst_caps_merge_structure(caps, gst_structure_copy(format));
    }
    gst_caps_unref(of_pad);
    return false;
  };
  if (found) any_of_templates(found, add);
  gst_clear_object(&found);
  gst_object_unref(gst_object_ref_sink(bin));
  return own(caps);
}

GstPad* request_pad_for(GstElement* muxer, const GstCaps* caps) {
  GstPad* pad = nullptr;
  any_of_templates(muxer, [&](GstPadTemplate* of) {
    GstCaps* takes = gst_pad_template_get_caps(of);
    if (gst_caps_can_intersect(takes, caps)) pad = gst_element_request_pad(muxer, of, nullptr, caps);
    gst_caps_unref(takes);
    return pad != nullptr;
  });
  return pad;
}

bool takes_gaps(GstElement* muxer) { return GST_IS_AGGREGATOR(muxer); }

bool takes_sparse(GstElement* muxer) {
  const gchar* name = GST_OBJECT_NAME(gst_element_get_factory(muxer));
  return takes_gaps(muxer) || g_str_equal(name, "matroskamux") || g_str_equal(name, "webmmux");
}

}  // namespace gvl::gst
