/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

#include <memory>
#include <string>
#include <vector>

#include "gvl-export.h"
#include "gvl/cancellation.hpp"
#include "gvl/model.hpp"
#include "gvlflow.hpp"
#include "gvlsegmentmeta.h"
#include "gvltensormeta.h"

G_BEGIN_DECLS

/**
 * GvlFilter: the base class of elements that compute something about a segment (gvlspatialencoder, ...). Buffers pass
 * unchanged and at once; the subclass hands jobs to the model and attaches what they will give as pending tensors.
 * The base class sees to the model and its context, cancels the jobs at a flush and on the way to READY, and
 * reports failing jobs as element errors.
 */
#define GVL_TYPE_FILTER (gvl_filter_get_type())
GVL_API G_DECLARE_DERIVABLE_TYPE(GvlFilter, gvl_filter, GVL, FILTER, GstBaseTransform)

struct _GvlFilterClass {
  GstBaseTransformClass parent_class;

  /**
   * A segment ends on `buffer`, which is writable: submit its jobs, never wait for them. Streaming thread. Returns
   * FALSE after posting an element error. May throw gvl::Error, which is then posted.
   */
  gboolean (*process)(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment);

  /**
   * The stream, or the segment of a segment seek, ends: attach what is still to be said to `carrier`, an empty buffer
   * that goes downstream when anything was attached. Optional. Streaming thread. May throw gvl::Error.
   */
  gboolean (*finish)(GvlFilter* filter, GstBuffer* carrier);

  /* A flush, start or stop: forget the stream so far. Optional. */
  void (*reset)(GvlFilter* filter);
};

G_END_DECLS

namespace gvl::gst {

/** The model; null after an element error. Streaming thread. */
GVL_API std::shared_ptr<Model> filter_model(GvlFilter* filter);

/** What the jobs submitted now are cancelled by. */
GVL_API Cancellation filter_cancellation(GvlFilter* filter);

/**
 * The tensor `id` of `segment` on `buffer`. An invalid future after an element error that says that `producer`, the
 * element that attaches it, is missing.
 */
GVL_API Future<Tensor> filter_input(GvlFilter* filter, GstBuffer* buffer, const GvlSegmentMeta* segment, const char* id,
                                    const char* producer);

/**
 * Attaches the result of a job as tensor `id` of segment (or window) `index`. `ticket`, which may be null, counts as
 * in flight until it is there; a failure is posted as an element error.
 */
GVL_API void filter_attach(GvlFilter* filter, GstBuffer* buffer, const char* id, guint64 index,
                           const std::vector<std::int64_t>& shape, Future<Tensor> result,
                           const std::shared_ptr<Ticket>& ticket);

}  // namespace gvl::gst
