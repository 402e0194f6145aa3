/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>

#include "frame-ring.hpp"

namespace gvl::gst {

/** A clip's own time, which begins with its first frame, and leaves room before it: decoding times lie before that. */
class ClipClock {
 public:
  /** Whole hours, so that what shifts times by hours never begins below 0. */
  static constexpr GstClockTime kRoom = 3600 * GST_SECOND;

  explicit ClipClock(StreamTime origin) : origin_(origin) {}

  StreamTime origin() const { return origin_; }

  GstClockTime own_time(StreamTime time) const {
    if (time >= origin_) return kRoom + distance(origin_, time);
    return kRoom - std::min(kRoom, distance(time, origin_));
  }

  StreamTime stream_time(GstClockTime own) const {
    return origin_ + (static_cast<StreamTime>(own) - static_cast<StreamTime>(kRoom));
  }

 private:
  static GstClockTime distance(StreamTime from, StreamTime to) {
    return std::min<guint64>(static_cast<guint64>(to) - static_cast<guint64>(from), G_MAXINT64);
  }

  StreamTime origin_;
};

}  // namespace gvl::gst
