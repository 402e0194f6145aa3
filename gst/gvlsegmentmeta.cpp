/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlsegmentmeta.hpp"

#include <algorithm>

#include "gvlguard.hpp"

static gboolean gvl_segment_meta_init(GstMeta* meta, gpointer params, GstBuffer* buffer) {
  auto* self = reinterpret_cast<GvlSegmentMeta*>(meta);
  *self = GvlSegmentMeta{.meta = *meta};
  return TRUE;
}

static void gvl_segment_meta_free(GstMeta* meta, GstBuffer* buffer) {
  auto* self = reinterpret_cast<GvlSegmentMeta*>(meta);
  g_free(self->samples);
}

static gboolean gvl_segment_meta_transform(GstBuffer* destination, GstMeta* meta, GstBuffer* buffer, GQuark type,
                                           gpointer data) {
  auto* source = reinterpret_cast<GvlSegmentMeta*>(meta);
  auto* copy = gvl_buffer_add_segment_meta(destination, source->num_samples, source->samples);
  if (!copy) return FALSE;
  const GvlSegmentMeta blank = *copy;
  *copy = *source;
  copy->meta = blank.meta;
  copy->samples = blank.samples;
  return TRUE;
}

GType gvl_segment_meta_api_get_type(void) {
  static const GType type = [] {
    static const gchar* tags[] = {nullptr};
    return gst_meta_api_type_register("GvlSegmentMetaAPI", tags);
  }();
  return type;
}

const GstMetaInfo* gvl_segment_meta_get_info(void) {
  static const GstMetaInfo* const info =
      gst_meta_register(GVL_SEGMENT_META_API_TYPE, "GvlSegmentMeta", sizeof(GvlSegmentMeta), gvl_segment_meta_init,
                        gvl_segment_meta_free, gvl::gst::guarded<gvl_segment_meta_transform>);
  return info;
}

GvlSegmentMeta* gvl_buffer_add_segment_meta(GstBuffer* buffer, guint num_samples, const GstClockTime* samples) {
  auto* meta = reinterpret_cast<GvlSegmentMeta*>(gst_buffer_add_meta(buffer, GVL_SEGMENT_META_INFO, nullptr));
  if (!meta) return nullptr;
  meta->num_samples = num_samples;
  meta->samples = g_new(GstClockTime, num_samples);
  std::copy_n(samples, num_samples, meta->samples);
  return meta;
}

GvlSegmentMeta* gvl_buffer_get_segment_meta(GstBuffer* buffer) {
  return reinterpret_cast<GvlSegmentMeta*>(gst_buffer_get_meta(buffer, GVL_SEGMENT_META_API_TYPE));
}

namespace gvl::gst {

std::vector<GvlSegmentMeta*> segments_of(GstBuffer* buffer) {
  std::vector<GvlSegmentMeta*> segments;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GVL_SEGMENT_META_API_TYPE))
    segments.push_back(reinterpret_cast<GvlSegmentMeta*>(meta));
  // Copies of a buffer need not keep the order of its metas.
  std::sort(segments.begin(), segments.end(),
            [](const GvlSegmentMeta* a, const GvlSegmentMeta* b) { return a->index < b->index; });
  return segments;
}

}  // namespace gvl::gst
