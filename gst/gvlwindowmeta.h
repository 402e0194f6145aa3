/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * GvlWindowMeta: says that with this buffer a window of video is complete. gvlfuser attaches it, together with the
 * GvlTensorMeta gvl/video-tokens of the same index. It has no tags and survives every transformation. All times are
 * stream time in nanoseconds.
 */

typedef struct _GvlWindowMeta GvlWindowMeta;

/* A segment of a window. */
typedef struct {
  GstClockTime start;
  GstClockTime stop;
  gboolean substituted; /* it was dropped: the tokens of the nearest segment that was not are in its place */
} GvlWindowSegment;

struct _GvlWindowMeta {
  GstMeta meta;

  guint64 index;   /* increasing in the order in which windows are complete */
  guint64 session; /* as GvlSegmentMeta has it */
  GstClockTime start;
  GstClockTime stop;
  gboolean provisional;       /* it only shows what goes on now: other windows, with later ones, say what is so */
  GstClockTime settled;       /* no later window shows what is before it; GST_CLOCK_TIME_NONE: nothing of this one */
  guint num_segments;         /* K */
  GvlWindowSegment* segments; /* owned, in stream time order */
};

#define GVL_WINDOW_META_API_TYPE (gvl_window_meta_api_get_type())
#define GVL_WINDOW_META_INFO (gvl_window_meta_get_info())

GVL_API GType gvl_window_meta_api_get_type(void);
GVL_API const GstMetaInfo* gvl_window_meta_get_info(void);

/* Attaches a window meta; `segments` are copied, `settled` is GST_CLOCK_TIME_NONE, `provisional`
 * FALSE. `buffer` must be writable. */
GVL_API GvlWindowMeta* gvl_buffer_add_window_meta(GstBuffer* buffer, guint64 index, GstClockTime start,
                                                  GstClockTime stop, guint num_segments,
                                                  const GvlWindowSegment* segments);

/* The first window meta on `buffer`, or NULL. */
GVL_API GvlWindowMeta* gvl_buffer_get_window_meta(GstBuffer* buffer);

G_END_DECLS
