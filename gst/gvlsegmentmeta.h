/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * GvlSegmentMeta: says that a segment of video ends on this buffer, or shortly before it. gvlsegmenter attaches it,
 * together with the segment's pixels as GvlTensorMetas; a buffer that ends a short stream may carry several. It has no
 * tags and survives every transformation. All times are stream time in nanoseconds.
 *
 * What plays without a jump in time is a session. Segments that follow one another in it, and are divided alike, are a
 * sequence. Which of them are windows, what one answer covers, the event gvl-segments says (docs/events.md).
 */

typedef struct _GvlSegmentMeta GvlSegmentMeta;

struct _GvlSegmentMeta {
  GstMeta meta;

  guint64 index;    /* of the segment, increasing in the order in which segments end */
  guint64 session;  /* of its session, increasing likewise: times of two have nothing to do with each other */
  guint64 sequence; /* of its sequence, increasing likewise */
  guint64 number;   /* of the segment in its sequence, in the order in which they end; one may be dropped */
  GstClockTime start;
  GstClockTime stop;
  GstClockTime keyframe; /* time of the sample that gvl/spatial-pixels show; of several the one in the middle */
  guint num_samples;     /* n */
  GstClockTime* samples; /* owned: times of the sampled frames, in stream time order */
};

#define GVL_SEGMENT_META_API_TYPE (gvl_segment_meta_api_get_type())
#define GVL_SEGMENT_META_INFO (gvl_segment_meta_get_info())

GVL_API GType gvl_segment_meta_api_get_type(void);
GVL_API const GstMetaInfo* gvl_segment_meta_get_info(void);

/**
 * Attaches a segment meta whose samples are copied from `samples`; the other public members are zero and the
 * caller's to fill in. `buffer` must be writable.
 */
GVL_API GvlSegmentMeta* gvl_buffer_add_segment_meta(GstBuffer* buffer, guint num_samples, const GstClockTime* samples);

/* The first segment meta on `buffer`, or NULL. */
GVL_API GvlSegmentMeta* gvl_buffer_get_segment_meta(GstBuffer* buffer);

G_END_DECLS
