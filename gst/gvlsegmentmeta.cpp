/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlsegmentmeta.hpp"

#include <algorithm>

#include "gvlmetas.hpp"

static void clear_meta(GvlSegmentMeta* self) { g_free(self->samples); }

static gboolean copy_meta(GstBuffer* destination, const GvlSegmentMeta* source) {
  auto* copy = gvl_buffer_add_segment_meta(destination, source->num_samples, source->samples);
  if (!copy) return FALSE;
  const GvlSegmentMeta blank = *copy;
  *copy = *source;
  copy->meta = blank.meta;
  copy->samples = blank.samples;
  return TRUE;
}

GType gvl_segment_meta_api_get_type(void) {
  static const GType type = gvl::gst::register_meta_api("GvlSegmentMetaAPI");
  return type;
}

const GstMetaInfo* gvl_segment_meta_get_info(void) {
  static const GstMetaInfo* const info =
      gvl::gst::register_meta<GvlSegmentMeta, clear_meta, copy_meta>(GVL_SEGMENT_META_API_TYPE, "GvlSegmentMeta");
  return info;
}

GvlSegmentMeta* gvl_buffer_add_segment_meta(GstBuffer* buffer, guint num_samples, const GstClockTime* samples) {
  auto* meta = gvl::gst::add_meta<GvlSegmentMeta>(buffer, GVL_SEGMENT_META_INFO);
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
  return metas_by_index<GvlSegmentMeta>(buffer, GVL_SEGMENT_META_API_TYPE);
}

}  // namespace gvl::gst
