/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlbuffer.hpp"

namespace gvl::gst {

namespace {

constexpr auto kCopiedFields = static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS);

gboolean copy_meta(GstBuffer* source, GstMeta** meta, gpointer destination) {
  GstMetaTransformCopy whole = {FALSE, 0, G_MAXSIZE};
  const GstMetaInfo* info = (*meta)->info;
  if (info->transform_func)
    info->transform_func(GST_BUFFER(destination), *meta, source, _gst_meta_transform_copy, &whole);
  return TRUE;
}

}  // namespace

GstBuffer* buffer_with_same_memory(GstBuffer* buffer) {
  GstBuffer* same = gst_buffer_new();
  gst_buffer_copy_into(same, buffer, kCopiedFields, 0, G_MAXSIZE);
  for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i)
    gst_buffer_append_memory(same, gst_buffer_get_memory(buffer, i));
  // gst_buffer_copy_into() copies the metas that describe memory only where it copies the memory itself.
  gst_buffer_foreach_meta(buffer, copy_meta, same);
  return same;
}

GstBuffer* make_metas_writable(GstBuffer* buffer) {
  if (gst_buffer_is_writable(buffer)) return buffer;
  GstBuffer* same = buffer_with_same_memory(buffer);
  gst_buffer_unref(buffer);
  return same;
}

}  // namespace gvl::gst
