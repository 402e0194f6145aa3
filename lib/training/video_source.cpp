#include "training/video_source.hpp"

#include <map>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <opencv2/videoio/registry.hpp>

#include "gvl/error.hpp"
#include "gvl/preprocess.hpp"
#include "gvl/sampling.hpp"
#include "scenes/random.hpp"
#include "training/model_pixels.hpp"

namespace gvl::training {
namespace {

namespace fs = std::filesystem;

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
  if (!(rate > 0)) throw Error(ErrorCode::kMalformed, file.string() + ": has no frame rate");
  return rate;
}

}  // namespace

Sample read_video(const fs::path& file, const ModelConfig& model) {
  const std::int64_t frames = count_frames(file);
  cv::VideoCapture video = open_video(file);
  const std::vector<std::int64_t> indices = sample_indices(model.frames, frames);
  ModelPixels pixels(model);
  cv::Mat bgr, rgb;
  std::int64_t read = 0;
  for (std::int64_t i = 0; i < model.frames; ++i) {
    for (; read <= indices[i]; ++read) {
      if (!video.grab()) throw Error(ErrorCode::kMalformed, file.string() + ": ends early when it is read again");
    }
    if (i == 0 || indices[i] != indices[i - 1]) {
      video.retrieve(bgr);
      cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    }
    pixels.put(i, {rgb.data, rgb.cols, rgb.rows, static_cast<std::int64_t>(rgb.step)});
  }
  return pixels.sample(static_cast<double>(frames) / frame_rate(video, file));
}

VideoSource::VideoSource(const io::JsonValue& conversations, const ModelConfig& model, std::uint64_t seed)
    : model_(model), seed_(seed) {
  constexpr std::int64_t kMostTexts = 1000;
  const auto most = static_cast<std::size_t>(conversations.integer_or("texts_per_video", 8, 1, kMostTexts));
  const fs::path folder = fs::path(conversations.source()).parent_path();
  std::map<fs::path, std::vector<TrainingText>> texts;
  for (const io::JsonValue& file : conversations.array("files").elements()) {
    for (auto& record : read_conversations(folder / file.as_string(), folder / conversations.string_or("videos", ""))) {
      auto& of_video = texts[record.video_file];
      of_video.insert(of_video.end(), record.texts.begin(), record.texts.end());
    }
  }
  for (const auto& [file, of_video] : texts) {
    if (!fs::exists(file)) throw Error(ErrorCode::kNotFound, file.string() + ": no such video");
    for (std::size_t start = 0; start < of_video.size(); start += most) {
      const auto begin = of_video.begin() + static_cast<std::ptrdiff_t>(start);
      videos_.push_back({file, {begin, begin + static_cast<std::ptrdiff_t>(std::min(most, of_video.size() - start))}});
    }
  }
  if (videos_.empty()) throw conversations.error("hold no conversation");
}

Sample VideoSource::make(std::int64_t index) const {
  const std::int64_t epoch = index / size();
  std::vector<std::size_t> order(videos_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  scenes::Random(seed_).fork(static_cast<std::uint64_t>(epoch)).shuffle(order);
  const Video& video = videos_[order[static_cast<std::size_t>(index % size())]];
  Sample sample = read_video(video.file, model_);
  sample.texts = video.texts;
  return sample;
}

}  // namespace gvl::training
