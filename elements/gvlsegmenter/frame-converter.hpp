/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gvl/config.hpp"
#include "gvl/preprocess.hpp"

namespace gvl::gst {

/** A frame of the stream, kept until it is converted: the memory of its buffer, what the buffer holds, and when. */
struct Frame {
  Frame(GstBuffer* shown, const GstVideoInfo& format, GstClockTime stream_time,
        GstVideoOrientationMethod turned = GST_VIDEO_ORIENTATION_IDENTITY);
  ~Frame();
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  GstBuffer* buffer;  ///< owned; shares the memory, and leaves the stream's own buffer writable
  GstVideoInfo info;
  GstClockTime time;
  GstVideoOrientationMethod orientation;  ///< how a player turns the picture before it is shown
};

/**
 * Makes the models' pictures of frames. Remembers the last frame's, so that a frame that stands for many samples is
 * converted once. For one thread.
 */
class FrameConverter {
 public:
  /** Of a large frame a reduced one is read: much cheaper, and a little different. */
  enum class Reading { kWhole, kReduced };

  FrameConverter(const VisionConfig& spatial, const VisionConfig& temporal, Reading reading = Reading::kWhole);
  ~FrameConverter();

  /**
   * Packed RGB, size x size, as gvl::make_picture makes it from the frame at the resolution of its reading, turned as
   * it is shown. Both throw gvl::Error when the frame's memory cannot be read or its format cannot be converted.
   */
  void spatial(const std::shared_ptr<const Frame>& frame, std::span<std::uint8_t> out);
  void temporal(const std::shared_ptr<const Frame>& frame, std::span<std::uint8_t> out);

 private:
  struct Picture {
    VisionConfig config;
    std::vector<std::uint8_t> pixels;
    bool made = false;
  };

  void make(Picture& picture, const std::shared_ptr<const Frame>& frame, std::span<std::uint8_t> out);
  void read(const std::shared_ptr<const Frame>& frame);
  void convert_to_rgb(GstVideoFrame& mapped);
  void turn(GstVideoOrientationMethod orientation);
  GstVideoConverter* converter_for(const GstVideoInfo& input);
  void set_rgb_info(const GstVideoInfo& input);

  Reading reading_;
  Picture spatial_;
  Picture temporal_;
  std::weak_ptr<const Frame> last_;  // whose pixels rgb_ and the pictures are
  GstVideoInfo rgb_info_;
  std::vector<std::uint8_t> rgb_;
  std::vector<std::uint8_t> turned_;
  RgbView shown_;  // rgb_, or turned_
  GstVideoInfo converter_input_;
  GstVideoConverter* converter_ = nullptr;
};

}  // namespace gvl::gst
