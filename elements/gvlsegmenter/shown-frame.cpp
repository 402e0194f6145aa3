/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shown-frame.hpp"

#include "gvltime.hpp"

namespace gvl::gst {

void ShownFrame::keep(GstBuffer* buffer, const GstVideoInfo& info, GstVideoOrientationMethod orientation) {
  if (!frame_) frame_ = std::make_shared<const Frame>(buffer, info, to_clock_time(time_), orientation);
}

std::shared_ptr<FramePixels> ShownFrame::pixels(PictureMaker& pictures, bool with_spatial,
                                                FrameConverter::Reading reading, const Cancellation& cancellation) {
  if (!pixels_) {
    reading_ = reading;
    pixels_ = pictures.temporal(frame_, reading, cancellation);
  }
  if (with_spatial && !has_spatial_) {
    pictures.add_spatial(frame_, reading_, cancellation, pixels_);
    has_spatial_ = true;
  }
  return pixels_;
}

}  // namespace gvl::gst
