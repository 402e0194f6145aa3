/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/watch_source.hpp"

#include <algorithm>

#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "scenes/random.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_conversation.hpp"
#include "training/simulated_detector.hpp"

namespace gvl::training {
namespace {

// What is seen of a thing in a frame counts from so much of it on.
constexpr double kSeenPart = 0.3;

SceneSourceOptions where_nothing_happens(SceneSourceOptions options) {
  options.first.clear();
  options.lasting.compose.without_events = 1;
  options.lasting.compose.without_objects = 1;
  options.lasting.conversations = {.grounding = 0,
                                   .absent = 0,
                                   .dense_caption = 0,
                                   .referring = 0,
                                   .multiple_choice = 0,
                                   .open_question = 0,
                                   .caption = 0};
  return options;
}

}  // namespace

WatchSourceOptions WatchSourceOptions::read(const io::JsonValue& watched) {
  constexpr std::int64_t kMostBackgrounds = 1 << 12;
  watched.allow_members({"seed", "videos", "share", "backgrounds", "shortest", "longest", "cuts", "conversations"});
  WatchSourceOptions options;
  options.seed = static_cast<std::uint64_t>(watched.integer_or("seed", 0, 0));
  options.videos = watched.integer_or("videos", 0, 1);
  options.share = watched.number_or("share", options.share);
  if (!(options.share >= 0 && options.share <= 1)) throw watched.at("share").error("must be from 0 to 1");
  options.backgrounds = watched.integer_or("backgrounds", options.backgrounds, 1, kMostBackgrounds);
  options.compose.shortest = watched.number_or("shortest", options.compose.shortest);
  options.compose.longest = watched.number_or("longest", options.compose.longest);
  options.compose.cuts = watched.number_or("cuts", options.compose.cuts);
  if (!(options.compose.cuts >= 0 && options.compose.cuts <= 1)) throw watched.at("cuts").error("must be from 0 to 1");
  if (const auto counts = watched.find("conversations")) read_conversation_counts(*counts, options.conversations);
  return options;
}

WatchSource::WatchSource(const WatchSourceOptions& options, const SceneSourceOptions& backgrounds,
                         const ModelConfig& model)
    : options_(options),
      model_(model),
      backgrounds_(where_nothing_happens(backgrounds), model),
      rendered_(static_cast<std::size_t>(options.backgrounds)) {
  if (model.spatial.objects > 0) return;
  throw Error(ErrorCode::kInvalidArgument, "data.watched is for a model whose spatial encoder is a detector");
}

const Tensor& WatchSource::background(std::uint64_t seed) const {
  const std::size_t number = seed % rendered_.size();
  Background& background = rendered_[number];
  std::call_once(background.once, [&] {
    background.temporal_pixels = backgrounds_.make(static_cast<std::int64_t>(number)).temporal_pixels;
  });
  return background.temporal_pixels;
}

/** Which things are seen, come and go in each frame. Events do not happen. */
Tensor WatchSource::labels_of(const scenes::WatchedScene& scene) const {
  constexpr std::int64_t kPhases = 3;
  const EventClasses classes = event_classes();
  const std::int64_t frames = model_.frames, width = kPhases * classes.count();
  const Tensor empty(DataType::kFloat32, {frames, width});
  auto data = allocate_tensor_data(empty.bytes());
  auto* labels = reinterpret_cast<float*>(data.get());
  std::fill_n(labels, empty.elements(), 0.0F);
  const auto seen = [&](std::int64_t frame, int thing) {
    const double time = (static_cast<double>(frame) + 0.5) / static_cast<double>(frames) * scene.duration;
    return std::any_of(scene.tracks.begin(), scene.tracks.end(), [&](const scenes::Track& track) {
      return track.thing == thing && track.visible_at(time) && scenes::part_in_frame(track.box_at(time)) >= kSeenPart;
    });
  };
  for (int thing = 0; thing < static_cast<int>(scenes::kThings); ++thing) {
    const auto is_it = [&](const scenes::Track& track) { return track.thing == thing; };
    if (std::none_of(scene.tracks.begin(), scene.tracks.end(), is_it)) continue;
    bool before = seen(0, thing);
    const auto set = [&](std::int64_t frame, std::int64_t phase) {
      if (frame >= 0 && frame < frames) labels[frame * width + phase * classes.count() + classes.events + thing] = 1;
    };
    // What is there at first begins there, what is there at last ends there.
    if (before) set(0, 1);
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      const bool now = seen(frame, thing);
      if (now) set(frame, 0);
      for (const std::int64_t near : {frame - 1, frame}) {
        if (now && !before) set(near, 1);
        if (!now && before) set(near, 2);
      }
      before = now;
    }
    if (before) set(frames - 1, 2);
  }
  return {DataType::kFloat32, {frames, width}, std::move(data)};
}

std::vector<scenes::Conversation> WatchSource::conversations(std::int64_t index) const {
  const std::uint64_t seed = seed_of(index);
  return scenes::converse(scenes::compose_watch(seed, options_.compose), seed, options_.conversations);
}

Sample WatchSource::make(std::int64_t index) const {
  const std::uint64_t seed = seed_of(index);
  const scenes::WatchedScene scene = scenes::compose_watch(seed, options_.compose);
  Sample sample;
  sample.duration = scene.duration;
  sample.spatial_features = layers::from_aten(simulate_detector(scene, seed, model_));
  sample.temporal_pixels = background(scenes::Random(seed).next());
  sample.frame_labels = labels_of(scene);
  for (const scenes::Conversation& conversation : scenes::converse(scene, seed, options_.conversations)) {
    sample.texts.push_back(training_text(conversation, model_.prompts));
    for (const int thing : conversation.things) sample.texts.back().classes.push_back(event_classes().events + thing);
  }
  return sample;
}

Sample MixedSource::make(std::int64_t index) const {
  scenes::Random random = scenes::Random(seed_).fork(static_cast<std::uint64_t>(index));
  return (random.chance(share_) ? first_ : second_)->make(index);
}

}  // namespace gvl::training
