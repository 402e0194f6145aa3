/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlsegmentmeta.hpp"

#include <algorithm>

#include "gvlmetas.hpp"

namespace {

using gvl::gst::RunState;
using gvl::gst::Ticket;

template <typename T>
std::shared_ptr<T> shared_of(gpointer holder) {
  return holder ? *static_cast<std::shared_ptr<T>*>(holder) : nullptr;
}

template <typename T>
gpointer holder_of(std::shared_ptr<T> value) {
  return value ? new std::shared_ptr<T>(std::move(value)) : nullptr;
}

template <typename T>
void clear(gpointer& holder) {
  delete static_cast<std::shared_ptr<T>*>(holder);
  holder = nullptr;
}

}  // namespace

static void clear_meta(GvlSegmentMeta* self) {
  g_free(self->samples);
  clear<Ticket>(self->ticket);
  clear<RunState>(self->state);
}

static gboolean copy_meta(GstBuffer* destination, const GvlSegmentMeta* source) {
  auto* copy = gvl_buffer_add_segment_meta(destination, source->num_samples, source->samples);
  if (!copy) return FALSE;
  const GvlSegmentMeta blank = *copy;
  *copy = *source;
  copy->meta = blank.meta;
  copy->samples = blank.samples;
  copy->ticket = holder_of(shared_of<Ticket>(source->ticket));
  copy->state = holder_of(shared_of<RunState>(source->state));
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

std::shared_ptr<Ticket> ticket_of(const GvlSegmentMeta* meta) { return shared_of<Ticket>(meta->ticket); }

std::shared_ptr<RunState> state_of(const GvlSegmentMeta* meta) { return shared_of<RunState>(meta->state); }

namespace {
constexpr const char* kSegmenterQuery = "gvl-segmenter";
}

bool segmenter_is_upstream(GstPad* sinkpad) {
  GstQuery* query = gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kSegmenterQuery));
  const bool answered = gst_pad_peer_query(sinkpad, query);
  gst_query_unref(query);
  return answered;
}

bool answer_as_segmenter(GstQuery* query) {
  return GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM &&
         gst_structure_has_name(gst_query_get_structure(query), kSegmenterQuery);
}

void set_flow(GvlSegmentMeta* meta, std::shared_ptr<Ticket> ticket, std::shared_ptr<RunState> state) {
  clear<Ticket>(meta->ticket);
  clear<RunState>(meta->state);
  meta->ticket = holder_of(std::move(ticket));
  meta->state = holder_of(std::move(state));
}

}  // namespace gvl::gst
