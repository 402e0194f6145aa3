/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlwindowmeta.hpp"

#include <algorithm>

#include "gvlmetas.hpp"

static void clear_meta(GvlWindowMeta* self) { g_free(self->segments); }

static gboolean copy_meta(GstBuffer* destination, const GvlWindowMeta* source) {
  auto* copy = gvl_buffer_add_window_meta(destination, source->index, source->start, source->stop, source->num_segments,
                                          source->segments);
  if (!copy) return FALSE;
  copy->session = source->session;
  copy->provisional = source->provisional;
  copy->settled = source->settled;
  return TRUE;
}

GType gvl_window_meta_api_get_type(void) {
  static const GType type = gvl::gst::register_meta_api("GvlWindowMetaAPI");
  return type;
}

const GstMetaInfo* gvl_window_meta_get_info(void) {
  static const GstMetaInfo* const info =
      gvl::gst::register_meta<GvlWindowMeta, clear_meta, copy_meta>(GVL_WINDOW_META_API_TYPE, "GvlWindowMeta");
  return info;
}

GvlWindowMeta* gvl_buffer_add_window_meta(GstBuffer* buffer, guint64 index, GstClockTime start, GstClockTime stop,
                                          guint num_segments, const GvlWindowSegment* segments) {
  auto* meta = gvl::gst::add_meta<GvlWindowMeta>(buffer, GVL_WINDOW_META_INFO);
  if (!meta) return nullptr;
  meta->index = index;
  meta->start = start;
  meta->stop = stop;
  meta->provisional = FALSE;
  meta->settled = GST_CLOCK_TIME_NONE;
  meta->num_segments = num_segments;
  meta->segments = g_new(GvlWindowSegment, num_segments);
  std::copy_n(segments, num_segments, meta->segments);
  return meta;
}

GvlWindowMeta* gvl_buffer_get_window_meta(GstBuffer* buffer) {
  return reinterpret_cast<GvlWindowMeta*>(gst_buffer_get_meta(buffer, GVL_WINDOW_META_API_TYPE));
}

namespace gvl::gst {

std::vector<GvlWindowMeta*> windows_of(GstBuffer* buffer) {
  return metas_by_index<GvlWindowMeta>(buffer, GVL_WINDOW_META_API_TYPE);
}

}  // namespace gvl::gst
