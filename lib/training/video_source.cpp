/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/video_source.hpp"

#include <map>
#include <numeric>
#include <utility>

#include "gvl/error.hpp"
#include "gvl/sampling.hpp"
#include "runtime/device.hpp"
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

std::shared_ptr<const FeatureCache> feature_cache_of(const TrainingConfig& config, const ModelConfig& model) {
  const io::JsonValue conversations = config.data.object("conversations");
  const auto given = conversations.find("features");
  const bool is_wanted = !given || !given->as_string().empty();
  const bool learn = config.objective.frozen_encoders != ObjectiveOptions().frozen_encoders;
  if (!is_wanted || learn || !config.initialisation.weights.empty()) return nullptr;
  const std::string precision =
      runtime::choose_device(config.device).str() + (config.bfloat16 ? " bfloat16" : " float32");
  const auto fingerprint = encoder_fingerprint(config.model, model, precision);
  if (!fingerprint) return nullptr;
  const fs::path folder =
      given ? fs::path(conversations.source()).parent_path() / given->as_string() : config.output / "features";
  return std::make_shared<FeatureCache>(folder, *fingerprint);
}

VideoSource::VideoSource(const io::JsonValue& conversations, const ModelConfig& model, std::uint64_t seed,
                         std::shared_ptr<const FeatureCache> cache)
    : model_(model), seed_(seed), cache_(std::move(cache)) {
  constexpr std::int64_t kMostTexts = 1000;
  conversations.allow_members({"files", "videos", "texts_per_video", "features"});
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

Sample VideoSource::sample_of(const fs::path& video) const {
  if (!cache_) return read_video(video, model_);
  if (const auto kept = cache_->find(video)) {
    Sample sample;
    sample.duration = kept->duration;
    sample.spatial_features = kept->spatial;
    sample.temporal_features = kept->temporal;
    return sample;
  }
  Sample sample = read_video(video, model_);
  sample.keep_features = [cache = cache_, video, duration = sample.duration](const Tensor& spatial,
                                                                             const Tensor& temporal) {
    cache->add(video, {duration, spatial, temporal});
  };
  return sample;
}

Sample VideoSource::make(std::int64_t index) const {
  const std::int64_t epoch = index / size();
  std::vector<std::size_t> order(videos_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  scenes::Random(seed_).fork(static_cast<std::uint64_t>(epoch)).shuffle(order);
  const Video& video = videos_[order[static_cast<std::size_t>(index % size())]];
  Sample sample = sample_of(video.file);
  sample.texts = video.texts;
  return sample;
}

}  // namespace gvl::training
