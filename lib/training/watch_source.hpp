/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "gvl/config.hpp"
#include "io/json.hpp"
#include "scenes/conversation.hpp"
#include "scenes/watch/compose_watch.hpp"
#include "training/sample.hpp"
#include "training/scene_source.hpp"

namespace gvl::training {

/** Which watched scenes a run learns from, and what it is asked about them. */
struct WatchSourceOptions {
  scenes::WatchOptions compose;
  scenes::ConversationOptions conversations{.grounding = 10,
                                            .absent = 8,
                                            .dense_caption = 1,
                                            .referring = 1,
                                            .multiple_choice = 2,
                                            .open_question = 1,
                                            .caption = 0};
  std::uint64_t seed = 0;
  std::int64_t videos = 0;        ///< to be measured with
  double share = 0.75;            ///< of the videos, where generated ones are learnt from, too
  std::int64_t backgrounds = 96;  ///< different ones that the temporal stream sees

  /** Reads the member `watched` of a run's data (docs/training.md). Throws Error naming file and member. */
  static WatchSourceOptions read(const io::JsonValue& watched);
};

/**
 * Everyday things as a detector tells them, without pictures of them: hundreds in the time that it takes to render a
 * video. The temporal stream sees generated videos in which nothing happens.
 */
class WatchSource : public SampleSource {
 public:
  /** `backgrounds` makes what the temporal stream sees. Throws Error for a model without a detector. */
  WatchSource(const WatchSourceOptions& options, const SceneSourceOptions& backgrounds, const ModelConfig& model);

  std::int64_t size() const noexcept override { return 0; }
  EventClasses event_classes() const noexcept override { return backgrounds_.event_classes(); }
  Sample make(std::int64_t index) const override;

  /** What is asked about sample `index`. */
  std::vector<scenes::Conversation> conversations(std::int64_t index) const;

 private:
  struct Background {
    std::once_flag once;
    Tensor temporal_pixels;
  };

  std::uint64_t seed_of(std::int64_t index) const noexcept { return options_.seed + static_cast<std::uint64_t>(index); }
  const Tensor& background(std::uint64_t seed) const;
  Tensor labels_of(const scenes::WatchedScene& scene) const;

  WatchSourceOptions options_;
  ModelConfig model_;
  SceneSource backgrounds_;
  mutable std::vector<Background> rendered_;
};

/** Both, in the first's share. */
class MixedSource : public SampleSource {
 public:
  MixedSource(std::shared_ptr<const SampleSource> first, std::shared_ptr<const SampleSource> second, double share,
              std::uint64_t seed)
      : first_(std::move(first)), second_(std::move(second)), share_(share), seed_(seed) {}

  std::int64_t size() const noexcept override { return 0; }
  EventClasses event_classes() const noexcept override { return first_->event_classes(); }
  Sample make(std::int64_t index) const override;

 private:
  std::shared_ptr<const SampleSource> first_, second_;
  double share_;
  std::uint64_t seed_;
};

}  // namespace gvl::training
