/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "io/json.hpp"
#include "training/config.hpp"
#include "training/conversation_file.hpp"
#include "training/feature_cache.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** The frames that a model looks at of a video file, as Sample's pixels and duration. Throws as VideoFile does. */
Sample read_video(const std::filesystem::path& file, const ModelConfig& model);

/**
 * Where features of a run's videos are kept: the folder `features` of its `conversations`, by default that of its
 * output. None where encoders learn, are not those of the model's folder, or the folder is "". Throws as FeatureCache
 * does.
 */
std::shared_ptr<const FeatureCache> feature_cache_of(const TrainingConfig& config, const ModelConfig& model);

/** Videos of data sets in files, with the questions about each. */
class VideoSource : public SampleSource {
 public:
  /**
   * Reads the member `conversations` of a run's data: `{"files": [...], "videos": FOLDER, "texts_per_video": 8,
   * "features": FOLDER}`. Questions about one video are learnt together, so many at a time; their order is another in
   * every epoch, drawn with `seed`. Where `cache` has a video's features, samples have these instead of pixels; else
   * they ask for them to be kept. Throws Error naming file and member, also for a video that is not there.
   */
  VideoSource(const io::JsonValue& conversations, const ModelConfig& model, std::uint64_t seed,
              std::shared_ptr<const FeatureCache> cache = nullptr);

  std::int64_t size() const noexcept override { return static_cast<std::int64_t>(videos_.size()); }
  Sample make(std::int64_t index) const override;

 private:
  struct Video {
    std::filesystem::path file;
    std::vector<TrainingText> texts;
  };

  Sample sample_of(const std::filesystem::path& video) const;

  ModelConfig model_;
  std::uint64_t seed_;
  std::shared_ptr<const FeatureCache> cache_;
  std::vector<Video> videos_;
};

}  // namespace gvl::training
