/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

namespace gvl::gst {

using SharedBuffer = std::shared_ptr<GstBuffer>;
using SharedCaps = std::shared_ptr<GstCaps>;

/** Share ownership of what they are given (transfer full). */
SharedBuffer own(GstBuffer* buffer);
SharedCaps own(GstCaps* caps);

/**
 * Stream time in ns. Below 0 where a file's edit list, or a seek, cuts away what has to be decoded before the first
 * frame that is shown.
 */
using StreamTime = gint64;

/** A frame, encoded or not. */
struct KeptFrame {
  SharedBuffer buffer;  ///< shares the stream's memory; its own timestamps are not stream time
  SharedCaps caps;
  StreamTime time = 0;                    ///< when it is shown
  std::optional<StreamTime> decode_time;  ///< no frame behind it in the stream is shown before
  StreamTime duration = 0;                ///< 0: not known
  StreamTime shown_from = G_MININT64;     ///< the stream's segment: nothing is shown before,
  StreamTime shown_until = G_MAXINT64;    ///< nor from here on
  bool keyframe = false;
  bool guessed = false;  ///< `time` is when it is decoded; only a decoder knows when it is shown

  /** It is decoded for others' sake, and cut away itself: before what is shown, and behind it. */
  bool cut_before() const { return time < shown_from && time + duration <= shown_from; }
  bool cut_behind() const { return time >= shown_until; }
  bool cut_away() const { return cut_before() || cut_behind(); }
  /** As it is, a file would show what it must not, or in the wrong order. */
  bool needs_decoding() const { return cut_before() || guessed; }
};

/** The last frames of a stream, bounded in time and bytes. It begins with a keyframe. For one thread at a time. */
class FrameRing {
 public:
  void set_limits(GstClockTime history, gsize bytes);

  void push(KeptFrame frame);
  void clear();

  /**
   * Holds one keyframe and what needs it, and more than the limits allow: nothing can be dropped without the rest. Who
   * pushes clears it then.
   */
  bool overfull() const;

  const std::deque<KeptFrame>& frames() const { return frames_; }
  gsize bytes() const { return bytes_; }
  /** When the latest frame is shown, which need not be the last in decoding order. */
  StreamTime newest() const { return newest_; }
  /** When the first frame that is shown begins; none while there is none. */
  std::optional<StreamTime> oldest() const;

  /** The last keyframe from which the frame at `time` can be decoded, else the first. The ring is not empty. */
  std::size_t keyframe_before(StreamTime time) const;

 private:
  void trim();
  bool too_old(StreamTime time) const { return newest_ > time && newest_ - time >= history_; }
  void drop_first();

  std::deque<KeptFrame> frames_;
  std::size_t keyframes_ = 0;
  gsize bytes_ = 0;
  StreamTime newest_ = 0;
  StreamTime history_ = G_MAXINT64;
  gsize most_bytes_ = G_MAXSIZE;
};

}  // namespace gvl::gst
