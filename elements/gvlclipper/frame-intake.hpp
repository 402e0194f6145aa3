/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <optional>

#include "frame-ring.hpp"

namespace gvl::gst {

/** When something of this timestamp is shown, or heard; none where neither timestamp nor segment say. */
std::optional<StreamTime> stream_time_of(const GstSegment& segment, GstClockTime timestamp);

/** Makes frames in stream time of a stream's buffers. For its streaming thread. */
class FrameIntake {
 public:
  /** The stream is another from here on. */
  void set_caps(GstCaps* caps);
  void reset();

  bool raw() const;

  /** The buffer as a frame that shares its memory; none where it has no time. */
  std::optional<KeptFrame> take(const GstSegment& segment, GstBuffer* buffer);

  /** Whether a frame at `time`, which is remembered, goes back from the one before. */
  bool goes_back(StreamTime time);
  /** The next frame goes back from none. */
  void forget_time() { last_time_.reset(); }

 private:
  bool may_be_reordered() const;
  void set_time(KeptFrame& frame, std::optional<StreamTime> shown);

  SharedCaps caps_;
  std::optional<StreamTime> last_time_;
  // Of the frames between keyframes that say when they are shown.
  std::optional<StreamTime> delay_;  // how much later that is than they are decoded
  bool reordered_ = false;           // it differs
};

}  // namespace gvl::gst
