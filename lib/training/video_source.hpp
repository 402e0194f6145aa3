/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "io/json.hpp"
#include "training/conversation_file.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** The frames that a model looks at of a video file, as Sample's pixels and duration. Throws as VideoFile does. */
Sample read_video(const std::filesystem::path& file, const ModelConfig& model);

/** Videos of data sets in files, with the questions about each. */
class VideoSource : public SampleSource {
 public:
  /**
   * Reads the member `conversations` of a run's data: `{"files": [...], "videos": FOLDER, "texts_per_video": 8}`.
   * Questions about one video are learnt together, so many at a time; their order is another in every epoch, drawn
   * with `seed`. Throws Error naming file and member, also for a video that is not there.
   */
  VideoSource(const io::JsonValue& conversations, const ModelConfig& model, std::uint64_t seed);

  std::int64_t size() const noexcept override { return static_cast<std::int64_t>(videos_.size()); }
  Sample make(std::int64_t index) const override;

 private:
  struct Video {
    std::filesystem::path file;
    std::vector<TrainingText> texts;
  };

  ModelConfig model_;
  std::uint64_t seed_;
  std::vector<Video> videos_;
};

}  // namespace gvl::training
