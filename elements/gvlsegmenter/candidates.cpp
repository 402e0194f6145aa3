/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "candidates.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "gvl/sampling.hpp"

namespace gvl::gst {

namespace {

cv::Mat picture(std::vector<std::uint8_t>& pixels, std::int64_t size) {
  return cv::Mat(static_cast<int>(size), static_cast<int>(size), CV_8UC3, pixels.data());
}

double sharpness_of(const cv::Mat& rgb) {
  cv::Mat gray, edges;
  cv::cvtColor(rgb, gray, cv::COLOR_RGB2GRAY);
  cv::Laplacian(gray, edges, CV_32F);
  cv::Scalar mean, deviation;
  cv::meanStdDev(edges, mean, deviation);
  return deviation[0] * deviation[0];
}

}  // namespace

/**
 * Tells where a picture begins another shot: where its mean difference from the one before, over hue, saturation and
 * value, is 27 or more of 255 (PySceneDetect's ContentDetector with its own threshold).
 */
class Candidates::ShotDetector {
 public:
  bool begins_shot(const cv::Mat& rgb) {
    constexpr double kThreshold = 27;
    cv::Mat hsv, difference;
    cv::cvtColor(rgb, hsv, cv::COLOR_RGB2HSV);
    bool begins = false;
    if (!before_.empty()) {
      cv::absdiff(hsv, before_, difference);
      const cv::Scalar mean = cv::mean(difference);
      begins = (mean[0] + mean[1] + mean[2]) / 3 >= kThreshold;
    }
    before_ = hsv;
    return begins;
  }

 private:
  cv::Mat before_;
};

Candidates::Candidates(Worker& worker, std::shared_ptr<FrameConverter> converter, const Options& options)
    : worker_(worker),
      converter_(std::move(converter)),
      options_(options),
      divider_(options.per_sample * options.sizes.samples, options.segments),
      detector_(std::make_shared<ShotDetector>()) {}

std::shared_ptr<FramePixels> Candidates::add(const std::shared_ptr<const Frame>& frame, GstClockTime start,
                                             GstClockTime stop, const Cancellation& cancellation) {
  auto pixels = std::make_shared<FramePixels>();
  auto verdict = std::make_shared<std::promise<bool>>();
  waiting_.push_back({frame->time, start, stop, pixels, verdict->get_future()});
  worker_.post([=, converter = converter_, detector = detector_, options = options_] {
    bool cut = false;
    const auto& sizes = options.sizes;
    convert(*converter, frame, {sizes.spatial, sizes.temporal}, cancellation, *pixels);
    try {
      const cv::Mat rgb = pixels->failure ? cv::Mat() : picture(pixels->temporal, sizes.temporal);
      if (options.sharpest && !rgb.empty()) pixels->sharpness = sharpness_of(rgb);
      if (options.shots && !rgb.empty()) cut = detector->begins_shot(rgb);
    } catch (...) {
      pixels->failure = std::current_exception();
    }
    verdict->set_value(cut);
  });
  return pixels;
}

std::optional<Candidates::Segment> Candidates::next(bool all) {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (!waiting_[i].cut.valid() || (!all && i + 1 == waiting_.size())) continue;
    divider_.add(waiting_[i].cut.get());
  }
  const auto count = all ? divider_.rest() : divider_.next();
  if (count == 0) return std::nullopt;
  return make(static_cast<std::size_t>(count));
}

std::int64_t Candidates::keyframe_of_samples(const std::vector<std::size_t>& samples) const {
  const auto sharper = [&](std::size_t a, std::size_t b) {
    return waiting_[a].pixels->sharpness < waiting_[b].pixels->sharpness;
  };
  if (options_.sharpest) return std::max_element(samples.begin(), samples.end(), sharper) - samples.begin();
  return keyframe_of(static_cast<std::int64_t>(samples.size()));
}

Candidates::Segment Candidates::make(std::size_t count) {
  std::vector<std::size_t> samples;
  for (const auto index : sample_indices(options_.sizes.samples, static_cast<std::int64_t>(count)))
    samples.push_back(static_cast<std::size_t>(index));
  const auto keyframe = samples[static_cast<std::size_t>(keyframe_of_samples(samples))];

  Segment segment;
  segment.start = waiting_.front().start;
  segment.stop = waiting_[count - 1].stop;
  segment.keyframe = waiting_[keyframe].time;
  std::vector<std::shared_ptr<FramePixels>> pixels;
  for (const auto index : samples) {
    segment.times.push_back(waiting_[index].time);
    pixels.push_back(waiting_[index].pixels);
  }
  const auto sizes = options_.sizes;
  segment.spatial = stack_pictures(worker_, {waiting_[keyframe].pixels}, &FramePixels::spatial, sizes.spatial);
  segment.temporal = stack_pictures(worker_, std::move(pixels), &FramePixels::temporal, sizes.temporal);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  return segment;
}

}  // namespace gvl::gst
