/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <deque>
#include <memory>

namespace gvl::gst {

using BufferPointer = std::shared_ptr<GstBuffer>;
using CapsPointer = std::shared_ptr<GstCaps>;

/** Share ownership of what they are given (transfer full). */
BufferPointer own(GstBuffer* buffer);
CapsPointer own(GstCaps* caps);

/** A frame, encoded or not. Times are stream time. */
struct KeptFrame {
  BufferPointer buffer;  ///< shares the stream's memory; its timestamps are stream time
  CapsPointer caps;
  GstClockTime time = 0;                           ///< when it is shown
  GstClockTime decode_time = GST_CLOCK_TIME_NONE;  ///< no frame behind it in the stream is shown before
  bool keyframe = false;
};

/** The last frames of a stream, bounded in time and bytes. It begins with a keyframe. For one thread at a time. */
class FrameRing {
 public:
  void set_limits(GstClockTime history, gsize bytes) {
    history_ = history;
    most_bytes_ = bytes;
  }

  void push(KeptFrame frame);
  void clear();

  const std::deque<KeptFrame>& frames() const { return frames_; }
  gsize bytes() const { return bytes_; }
  /** When the latest frame is shown, which need not be the last in decoding order. */
  GstClockTime newest() const { return newest_; }

  /** The last keyframe that is shown at `time` or before, else the first. The ring is not empty. */
  std::size_t keyframe_before(GstClockTime time) const;

 private:
  void trim();
  void drop_first();

  std::deque<KeptFrame> frames_;
  gsize bytes_ = 0;
  GstClockTime newest_ = 0;
  GstClockTime history_ = GST_CLOCK_TIME_NONE;
  gsize most_bytes_ = G_MAXSIZE;
};

}  // namespace gvl::gst
