/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/video_file.hpp"

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio/registry.hpp>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

namespace fs = std::filesystem;

constexpr double kFastest = 1000;  // frames a second

cv::VideoCapture open_video(const fs::path& file) {
  cv::VideoCapture video;
  const bool gstreamer = cv::videoio_registry::hasBackend(cv::CAP_GSTREAMER);
  try {
    video.open(fs::absolute(file).string(), gstreamer ? cv::CAP_GSTREAMER : cv::CAP_ANY);
  } catch (const cv::Exception&) {
    // As one that does not open.
  }
  if (!video.isOpened()) throw Error(ErrorCode::kMalformed, file.string() + ": is no video that can be decoded");
  return video;
}

std::int64_t count_frames(const fs::path& file) {
  cv::VideoCapture video = open_video(file);
  std::int64_t frames = 0;
  while (video.grab()) ++frames;
  if (frames == 0) throw Error(ErrorCode::kMalformed, file.string() + ": has no frames");
  return frames;
}

double frame_rate(const cv::VideoCapture& video, const fs::path& file) {
  const double rate = video.get(cv::CAP_PROP_FPS);
  if (!(rate > 0 && rate <= kFastest)) throw Error(ErrorCode::kMalformed, file.string() + ": has no frame rate");
  return rate;
}

}  // namespace

VideoFile::VideoFile(const fs::path& file)
    : file_(file), frames_(count_frames(file)), video_(open_video(file)), rate_(frame_rate(video_, file)) {}

RgbView VideoFile::frame(std::int64_t number) {
  if (read_ <= number) {
    for (; read_ <= number; ++read_) {
      if (!video_.grab()) throw Error(ErrorCode::kMalformed, file_.string() + ": ends early when it is read again");
    }
    video_.retrieve(bgr_);
    cv::cvtColor(bgr_, rgb_, cv::COLOR_BGR2RGB);
  }
  return {rgb_.data, rgb_.cols, rgb_.rows, static_cast<std::int64_t>(rgb_.step)};
}

}  // namespace gvl::training
