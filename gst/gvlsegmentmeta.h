/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * GvlSegmentMeta:
 * @meta: the parent
 * @index: of the segment, increasing in the order in which segments end
 * @session: of its session, increasing likewise: times of two have nothing to do with each other
 * @sequence: of its sequence, increasing likewise
 * @number: of the segment in its sequence, in the order in which they end; one may be dropped
 * @start: its first moment
 * @stop: its end
 * @keyframe: time of the sample that gvl/spatial-pixels show; of several the one in the middle
 * @num_samples: n
 * @samples: (array length=num_samples): times of the sampled frames, in stream time order; the meta's
 *
 * Says that a segment of video ends on this buffer, or shortly before it. gvlsegmenter attaches it,
 * together with the segment's pixels as GvlTensorMetas; a buffer that ends a short stream may carry several. It has no
 * tags and survives every transformation. All times are stream time in nanoseconds.
 *
 * What plays without a jump in time is a session. Segments that follow one another in it, and are divided alike, are a
 * sequence. Which of them are windows, what one answer covers, the event gvl-segments says (docs/events.md).
 */

typedef struct _GvlSegmentMeta GvlSegmentMeta;

struct _GvlSegmentMeta {
  GstMeta meta;

  guint64 index;
  guint64 session;
  guint64 sequence;
  guint64 number;
  GstClockTime start;
  GstClockTime stop;
  GstClockTime keyframe;
  guint num_samples;
  GstClockTime* samples;
};

#define GVL_SEGMENT_META_API_TYPE (gvl_segment_meta_api_get_type())
#define GVL_SEGMENT_META_INFO (gvl_segment_meta_get_info())

GVL_API GType gvl_segment_meta_api_get_type(void);
GVL_API const GstMetaInfo* gvl_segment_meta_get_info(void);

/**
 * gvl_buffer_add_segment_meta:
 * @buffer: a writable buffer
 * @num_samples: how many samples there are
 * @samples: (array length=num_samples): their times, which are copied
 *
 * Attaches a segment meta. Its other public members are zero and the caller's to fill in.
 *
 * Returns: (transfer none): the meta, which is the buffer's
 */
GVL_API GvlSegmentMeta* gvl_buffer_add_segment_meta(GstBuffer* buffer, guint num_samples, const GstClockTime* samples);

/**
 * gvl_buffer_get_segment_meta:
 * @buffer: a buffer
 *
 * Returns: (transfer none) (nullable): the first segment meta on it
 */
GVL_API GvlSegmentMeta* gvl_buffer_get_segment_meta(GstBuffer* buffer);

G_END_DECLS
