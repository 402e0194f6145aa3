/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/video_source.hpp"

#include <map>
#include <numeric>

#include "gvl/error.hpp"
#include "gvl/sampling.hpp"
#include "scenes/random.hpp"
#include "training/model_pixels.hpp"
#include "training/video_file.hpp"

namespace gvl::training {

namespace fs = std::filesystem;

Sample read_video(const fs::path& file, const ModelConfig& model) {
  VideoFile video(file);
  const std::vector<std::int64_t> indices = sample_indices(model.frames, video.frames());
  ModelPixels pixels(model);
  for (std::int64_t i = 0; i < model.frames; ++i) pixels.put(i, video.frame(indices[static_cast<std::size_t>(i)]));
  return pixels.sample(static_cast<double>(video.frames()) / video.rate());
}

VideoSource::VideoSource(const io::JsonValue& conversations, const ModelConfig& model, std::uint64_t seed)
    : model_(model), seed_(seed) {
  constexpr std::int64_t kMostTexts = 1000;
  conversations.allow_members({"files", "videos", "texts_per_video"});
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
