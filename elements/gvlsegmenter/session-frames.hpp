/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>

#include "frame-pixels.hpp"
#include "frame-reservoir.hpp"
#include "gvlmodelstream.hpp"
#include "held-buffer.hpp"
#include "shown-frame.hpp"
#include "stream-clock.hpp"
#include "timeline/time.hpp"

namespace gvl::gst {

/**
 * The frames of a session: the one that is shown, and those that are kept while the session's first window may have to
 * be made again of them, because where it ends is not known or not certain. For the streaming thread.
 */
class SessionFrames {
 public:
  using Time = timeline::Time;
  using Reading = FrameConverter::Reading;

  SessionFrames(StreamClock& clock, ModelStream& stream, const HeldBuffer& held)
      : clock_(clock), stream_(stream), held_(held) {}

  /** How frames from now on are turned before they are shown. */
  void set_orientation(GstVideoOrientationMethod orientation) { orientation_ = orientation; }

  /** The session ends. */
  void forget();

  /** The frame held back, of `time`, is shown from now on. `announced_end`: of the video. */
  void show(Time time, const std::optional<Time>& announced_end);

  const std::optional<ShownFrame>& shown() const { return shown_; }

  /** Where all of them have ended: timestamps may step back a little. */
  Time end() const { return end_; }

  /** Before its buffer goes: samples may still be taken of the shown frame. */
  void outlive_buffer();

  /** The shown frame's pictures, on their way. */
  std::shared_ptr<FramePixels> pixels(PictureMaker& pictures, bool with_spatial, Reading reading);

  /** From now on, until keep_none(), about `capacity` frames are kept. */
  void keep_some(std::size_t capacity) { reservoir_.emplace(capacity); }
  void keep_none() { reservoir_.reset(); }
  bool keeps_some() const { return reservoir_.has_value(); }

  /**
   * The frame is shown until then: keeps it if it is a sample, or the session's `last` one, or wanted to spread those
   * that are kept evenly. Frames that are no further apart than `least` are not.
   */
  void keep_shown(PictureMaker& pictures, Time until, Time least, bool last);

  bool has_kept() const { return reservoir_ && !reservoir_->empty(); }
  const FrameReservoir::Kept& kept_at(Time time) const;
  Time first_kept() const;

 private:
  Time end_of_held(Time time, const std::optional<Time>& announced_end) const;
  bool wants(const PictureMaker& pictures, Time until, Time least) const;

  StreamClock& clock_;
  ModelStream& stream_;
  const HeldBuffer& held_;
  GstVideoOrientationMethod orientation_ = GST_VIDEO_ORIENTATION_IDENTITY;
  std::optional<ShownFrame> shown_;
  Time end_{};
  std::optional<FrameReservoir> reservoir_;
};

}  // namespace gvl::gst
