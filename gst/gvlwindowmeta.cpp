/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlwindowmeta.hpp"

#include <algorithm>

#include "gvlguard.hpp"

static gboolean gvl_window_meta_init(GstMeta* meta, gpointer params, GstBuffer* buffer) {
  auto* self = reinterpret_cast<GvlWindowMeta*>(meta);
  *self = GvlWindowMeta{.meta = *meta};
  return TRUE;
}

static void gvl_window_meta_free(GstMeta* meta, GstBuffer* buffer) {
  auto* self = reinterpret_cast<GvlWindowMeta*>(meta);
  g_free(self->segments);
}

static gboolean gvl_window_meta_transform(GstBuffer* destination, GstMeta* meta, GstBuffer* buffer, GQuark type,
                                          gpointer data) {
  auto* source = reinterpret_cast<GvlWindowMeta*>(meta);
  auto* copy = gvl_buffer_add_window_meta(destination, source->index, source->start, source->stop, source->num_segments,
                                          source->segments);
  if (!copy) return FALSE;
  copy->session = source->session;
  copy->settled = source->settled;
  return TRUE;
}

GType gvl_window_meta_api_get_type(void) {
  static const GType type = [] {
    static const gchar* tags[] = {nullptr};
    return gst_meta_api_type_register("GvlWindowMetaAPI", tags);
  }();
  return type;
}

const GstMetaInfo* gvl_window_meta_get_info(void) {
  static const GstMetaInfo* const info =
      gst_meta_register(GVL_WINDOW_META_API_TYPE, "GvlWindowMeta", sizeof(GvlWindowMeta), gvl_window_meta_init,
                        gvl_window_meta_free, gvl::gst::guarded<gvl_window_meta_transform>);
  return info;
}

GvlWindowMeta* gvl_buffer_add_window_meta(GstBuffer* buffer, guint64 index, GstClockTime start, GstClockTime stop,
                                          guint num_segments, const GvlWindowSegment* segments) {
  auto* meta = reinterpret_cast<GvlWindowMeta*>(gst_buffer_add_meta(buffer, GVL_WINDOW_META_INFO, nullptr));
  if (!meta) return nullptr;
  meta->index = index;
  meta->start = start;
  meta->stop = stop;
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
  std::vector<GvlWindowMeta*> windows;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GVL_WINDOW_META_API_TYPE))
    windows.push_back(reinterpret_cast<GvlWindowMeta*>(meta));
  std::sort(windows.begin(), windows.end(),
            [](const GvlWindowMeta* a, const GvlWindowMeta* b) { return a->index < b->index; });
  return windows;
}

}  // namespace gvl::gst
