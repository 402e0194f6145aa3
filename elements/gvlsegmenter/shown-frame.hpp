/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>

#include "frame-pixels.hpp"
#include "timeline/time.hpp"

namespace gvl::gst {

/** The last frame that has a time. Its pictures are made once, and only those that are asked for. */
class ShownFrame {
 public:
  /** `until`: as far as can be known before the next frame comes. */
  ShownFrame(timeline::Time time, timeline::Time until) : time_(time), until_(until) {}

  timeline::Time time() const { return time_; }
  timeline::Time until() const { return until_; }

  /** Keeps the frame beyond its buffer, from which samples may still be taken. Before the buffer goes. */
  void keep(GstBuffer* buffer, const GstVideoInfo& info, GstVideoOrientationMethod orientation);

  /** Whether a picture was asked for. */
  bool is_taken() const { return pixels_ != nullptr; }

  /** Its pictures, on their way. `reading` counts for the first call. Only of a frame that was kept. */
  std::shared_ptr<FramePixels> pixels(PictureMaker& pictures, bool with_spatial, FrameConverter::Reading reading,
                                      const Cancellation& cancellation);

 private:
  timeline::Time time_;
  timeline::Time until_;
  std::shared_ptr<const Frame> frame_;
  std::shared_ptr<FramePixels> pixels_;
  FrameConverter::Reading reading_ = FrameConverter::Reading::kWhole;
  bool has_spatial_ = false;
};

}  // namespace gvl::gst
