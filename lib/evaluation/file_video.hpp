/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>

#include "evaluation/video.hpp"
#include "training/video_file.hpp"

namespace gvl::evaluation {

/** A video in a file. Members throw Error naming it. */
class FileVideo : public Video {
 public:
  explicit FileVideo(const std::filesystem::path& file) : file_(file) {}

  FrameRate rate() const override { return FrameRate::of(file_.rate()); }
  std::int64_t frames() const override { return file_.frames(); }
  RgbView frame(std::int64_t number) override { return file_.frame(number); }

 private:
  training::VideoFile file_;
};

}  // namespace gvl::evaluation
