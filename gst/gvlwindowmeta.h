/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * GvlWindowMeta:
 * @meta: the parent
 * @index: increasing in the order in which windows are complete
 * @session: as #GvlSegmentMeta has it
 * @start: its first moment
 * @stop: its end
 * @provisional: it only shows what goes on now: other windows, with later ones, say what is so
 * @settled: no later window shows what is before it; %GST_CLOCK_TIME_NONE: nothing of this one
 * @num_segments: K
 * @segments: (array length=num_segments): in stream time order; the meta's
 *
 * Says that with this buffer a window of video is complete. gvlfuser attaches it, together with the
 * GvlTensorMeta gvl/video-tokens of the same index. It has no tags and survives every transformation. All times are
 * stream time in nanoseconds.
 */

typedef struct _GvlWindowMeta GvlWindowMeta;

/**
 * GvlWindowSegment:
 * @start: its first moment
 * @stop: its end
 * @substituted: it was dropped: the tokens of the nearest segment that was not are in its place
 *
 * A segment of a window.
 */
typedef struct {
  GstClockTime start;
  GstClockTime stop;
  gboolean substituted;
} GvlWindowSegment;

struct _GvlWindowMeta {
  GstMeta meta;

  guint64 index;
  guint64 session;
  GstClockTime start;
  GstClockTime stop;
  gboolean provisional;
  GstClockTime settled;
  guint num_segments;
  GvlWindowSegment* segments;
};

#define GVL_WINDOW_META_API_TYPE (gvl_window_meta_api_get_type())
#define GVL_WINDOW_META_INFO (gvl_window_meta_get_info())

GVL_API GType gvl_window_meta_api_get_type(void);
GVL_API const GstMetaInfo* gvl_window_meta_get_info(void);

/**
 * gvl_buffer_add_window_meta:
 * @buffer: a writable buffer
 * @index: of the window
 * @start: stream time in ns of its first moment
 * @stop: the same of its end
 * @num_segments: how many segments it has
 * @segments: (array length=num_segments): these, which are copied
 *
 * Attaches a window meta, whose settled is %GST_CLOCK_TIME_NONE, and provisional %FALSE.
 *
 * Returns: (transfer none): the meta, which is the buffer's
 */
GVL_API GvlWindowMeta* gvl_buffer_add_window_meta(GstBuffer* buffer, guint64 index, GstClockTime start,
                                                  GstClockTime stop, guint num_segments,
                                                  const GvlWindowSegment* segments);

/**
 * gvl_buffer_get_window_meta:
 * @buffer: a buffer
 *
 * Returns: (transfer none) (nullable): the first window meta on it
 */
GVL_API GvlWindowMeta* gvl_buffer_get_window_meta(GstBuffer* buffer);

G_END_DECLS
