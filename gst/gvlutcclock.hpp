/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <deque>
#include <mutex>
#include <optional>

#include "gvl-export.h"

namespace gvl::gst {

struct UtcSource;

/**
 * What UTC one stream's times are: by the GstReferenceTimestampMeta of its buffers (timestamp/x-unix, or
 * timestamp/x-ntp as rtspsrc attaches it), else, on a live stream, by the pipeline's clock and base time: as that clock
 * counts UTC by itself (NTP, PTP, the system's realtime clock), or by what UTC it is now. A stream that has neither has
 * no UTC.
 *
 * Kept are the moments at which the relation of the two changed, by a step of a clock or a jump in the stream, say, in
 * running time, which only grows: each time is counted from the last of these before it. Members are thread safe;
 * observe() is for the streaming thread and takes constant time. No time that a buffer or clock says is trusted.
 */
class GVL_API UtcClock {
 public:
  /** ns since 1970-01-01; GST_CLOCK_TIME_NONE where it is not known. */
  struct Utc {
    GstClockTime start;
    GstClockTime stop;
    const char* source;  ///< of both, as docs/events.md has it; static
  };

  /** Whose clock counts where no buffer says more; it owns this. */
  explicit UtcClock(GstElement* element) : element_(element) {}

  /** Begins anew: after a flush. */
  void reset();

  /** A buffer passes in `segment`; `live`: so does time. */
  void observe(GstBuffer* buffer, const GstSegment& segment, bool live);

  /**
   * What UTC it was at these stream times of what played in `segment`, both from one source; nothing where neither is
   * known. Each may be GST_CLOCK_TIME_NONE.
   */
  std::optional<Utc> utc_of(GstClockTime start, GstClockTime stop, const GstSegment& segment) const;

 private:
  /** Its times are within 0 and G_MAXINT64. */
  struct Anchor {
    gint64 running_time;
    gint64 stream_time;
    gint64 utc;
    const UtcSource* source;

    std::optional<gint64> utc_at(gint64 time) const;
  };

  std::optional<Anchor> by_clock(gint64 stream_time, gint64 running_time) const;
  void keep(const Anchor& anchor);
  const Anchor* anchor_of(GstClockTime stream_time, const GstSegment& segment) const;

  GstElement* element_;
  mutable std::mutex mutex_;
  std::deque<Anchor> anchors_;  // guarded by mutex_; in the order in which they came
};

/** "2026-01-31T12:00:00.123Z", rounded down. (transfer full) */
GVL_API gchar* utc_to_text(GstClockTime utc);

/** The same of any time of ISO 8601 that has a zone; NULL for what is none. (transfer full) (nullable) */
GVL_API gchar* utc_text_of(const gchar* iso8601);

}  // namespace gvl::gst
