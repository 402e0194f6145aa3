/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "evaluation/video.hpp"

namespace gvl::evaluation {

/** The number at the end of a picture's name, 7 of "frame_00007.jpg"; none where it is no picture or has none. */
std::optional<std::int64_t> frame_number(const std::filesystem::path& file);

/** A video that is a folder of its frames: pictures whose names end with their numbers, "00001.jpg" and so on. */
class FrameFolder : public Video {
 public:
  /**
   * `rate`: frames a second, positive. Throws Error(kMalformed) naming the folder where it has no frames, one number
   * twice or one that is missing: times would not be right. frame() throws it for a picture that cannot be decoded.
   */
  FrameFolder(const std::filesystem::path& folder, double rate);

  FrameRate rate() const override { return rate_; }
  std::int64_t frames() const override { return std::ssize(files_); }
  RgbView frame(std::int64_t number) override;

 private:
  FrameRate rate_;
  std::vector<std::filesystem::path> files_;
  std::int64_t decoded_ = -1;
  cv::Mat rgb_;
};

}  // namespace gvl::evaluation
