/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

#include "gvl-export.h"
#include "gvlmodelstream.hpp"
#include "gvlsegmentmeta.h"

G_BEGIN_DECLS

/**
 * GvlFilter: the base class of elements that compute something about a segment (gvlspatialencoder, ...). Buffers pass
 * unchanged and at once; the subclass hands jobs to the model and attaches what they will give as pending tensors. All
 * that such elements have in common is in the filter's ModelStream.
 */
#define GVL_TYPE_FILTER (gvl_filter_get_type())
GVL_API G_DECLARE_DERIVABLE_TYPE(GvlFilter, gvl_filter, GVL, FILTER, GstBaseTransform)

struct _GvlFilterClass {
  GstBaseTransformClass parent_class;

  /**
   * A segment ends on `buffer`, which is writable: submit its jobs, never wait for them. Streaming thread. Returns
   * FALSE after an element error, or when the stream was interrupted. May throw gvl::Error, which is then posted.
   */
  gboolean (*process)(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment);

  /**
   * A sequence of segments begins or ends: attach what is still to be said of the one before to `metas`, an empty
   * buffer that goes downstream before the event when anything was attached. Optional. Otherwise like process().
   */
  gboolean (*sequence)(GvlFilter* filter, const gvl::gst::SegmentsInfo& sequence, GstBuffer* metas);

  /* A flush, start or stop: forget the stream so far. Optional. */
  void (*reset)(GvlFilter* filter);
};

G_END_DECLS

namespace gvl::gst {

/** The filter's stream, which lives as long as it does. The subclass declares its tensors when it is made. */
GVL_API ModelStream& filter_stream(GvlFilter* filter);

}  // namespace gvl::gst
