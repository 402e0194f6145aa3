/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <deque>
#include <mutex>
#include <optional>

#include "gvl-export.h"

namespace gvl::gst {

/**
 * What UTC a stream's times are: by the GstReferenceTimestampMeta of its buffers (timestamp/x-unix, or timestamp/x-ntp
 * as rtspsrc attaches it), else, on a live stream, by the pipeline's clock and base time and what UTC it is now. A
 * stream that has neither has no UTC.
 *
 * Kept are the moments at which the relation of the two changed, by a step of a clock or a jump in the stream, say, in
 * running time, which only grows: each time is counted from the last of these before it. Members are thread safe;
 * observe() is for the streaming thread and takes constant time.
 */
class GVL_API UtcClock {
 public:
  struct Utc {
    GstClockTime time;   ///< ns since 1970-01-01
    const char* source;  ///< "reference-timestamp", "ntp" or "clock"; static
  };

  /** Whose clock counts where no buffer says more; it owns this. */
  explicit UtcClock(GstElement* element) : element_(element) {}

  /** Begins anew: at the start and after a flush. */
  void reset();

  /** A buffer passes in `segment`; `live`: so does time. */
  void observe(GstBuffer* buffer, const GstSegment& segment, bool live);

  /** What UTC it was at this stream time of what played in `segment`; nothing where that is not known. */
  std::optional<Utc> utc_of(GstClockTime stream_time, const GstSegment& segment) const;

 private:
  struct Anchor {
    gint64 running_time;
    gint64 stream_time;
    gint64 utc;
    const char* source;

    gint64 utc_at(gint64 time) const { return utc + (time - stream_time); }
  };

  std::optional<Anchor> by_clock(GstClockTime stream_time, GstClockTime running_time) const;
  void keep(const Anchor& anchor);

  GstElement* element_;
  mutable std::mutex mutex_;
  std::deque<Anchor> anchors_;  // guarded by mutex_; in the order in which they came
};

/** "2026-01-31T12:00:00.123Z", rounded down. */
GVL_API gchar* utc_to_text(GstClockTime utc);

}  // namespace gvl::gst
