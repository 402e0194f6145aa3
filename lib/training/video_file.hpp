/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

#include "gvl/preprocess.hpp"

namespace gvl::training {

/**
 * The frames of a video file in their order. Decoded with GStreamer where this OpenCV has it; the file is read twice,
 * first to count its frames. Members throw Error naming the file. For one thread.
 */
class VideoFile {
 public:
  explicit VideoFile(const std::filesystem::path& file);

  std::int64_t frames() const noexcept { return frames_; }
  /** Frames a second. */
  double rate() const noexcept { return rate_; }
  /** Frame `number`, which is not before the last one that was asked for. There until the next call. */
  RgbView frame(std::int64_t number);

 private:
  std::filesystem::path file_;
  std::int64_t frames_;
  cv::VideoCapture video_;
  double rate_;
  std::int64_t read_ = 0;  // frames that were decoded
  cv::Mat bgr_, rgb_;
};

}  // namespace gvl::training
