/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GvlSegmentMeta: says that a segment of video ends on this buffer. gvlsegmenter attaches it, together with the
 * segment's pixels as GvlTensorMetas; a buffer that ends a short stream may carry several. It has no tags and
 * survives every transformation. All times are stream time in nanoseconds.
 *
 * A window is what one answer covers; `count` segments make a window.
 */

typedef struct _GvlSegmentMeta GvlSegmentMeta;

struct _GvlSegmentMeta {
  GstMeta meta;

  guint64 index;  /* of the segment, increasing in the order in which segments end */
  guint64 window; /* of its window, increasing likewise */
  guint position; /* of the segment in its window, 0 ... count - 1 in stream time */
  guint count;    /* K: segments of a window */
  GstClockTime start;
  GstClockTime stop;
  GstClockTime window_start;
  GstClockTime window_stop;
  GstClockTime keyframe; /* time of the sample that gvl/spatial-pixels show */
  guint num_samples;     /* n */
  GstClockTime* samples; /* owned: times of the sampled frames, in stream time order */

  /*< private >*/
  gpointer ticket; /* its place in the flow between segmenter and answers, may be NULL */
  gpointer state;  /* shared by the segments of the window, may be NULL */
};

#define GVL_SEGMENT_META_API_TYPE (gvl_segment_meta_api_get_type())
#define GVL_SEGMENT_META_INFO (gvl_segment_meta_get_info())

GType gvl_segment_meta_api_get_type(void);
const GstMetaInfo* gvl_segment_meta_get_info(void);

/**
 * Attaches a segment meta whose samples are copied from `samples`; the other public members are zero and the
 * caller's to fill in. `buffer` must be writable.
 */
GvlSegmentMeta* gvl_buffer_add_segment_meta(GstBuffer* buffer, guint num_samples, const GstClockTime* samples);

/* The first segment meta on `buffer`, or NULL. */
GvlSegmentMeta* gvl_buffer_get_segment_meta(GstBuffer* buffer);

G_END_DECLS
