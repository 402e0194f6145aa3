/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/scene_source.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/error.hpp"
#include "gvl/sampling.hpp"
#include "training/model_pixels.hpp"
#include "vision/coco_detector.hpp"

namespace gvl::training {
namespace {

// Kinds of which the side is told apart, too: enters and leaves, by four sides each.
constexpr std::int64_t kSides = 4;
constexpr std::int64_t kWhat = static_cast<std::int64_t>(scenes::kEventKinds) + 2 * kSides;
// Of each: it goes on; it begins about now; it ends about now.
constexpr std::int64_t kPhases = 3;

constexpr std::int64_t kMostVideos = std::int64_t{1} << 40;

std::vector<std::filesystem::path> read_paths(const io::JsonValue& array) {
  std::vector<std::filesystem::path> paths;
  for (const io::JsonValue& element : array.elements()) {
    const std::filesystem::path path = element.as_string();
    paths.push_back(path.is_absolute() ? path : std::filesystem::path(array.source()).parent_path() / path);
  }
  return paths;
}

void read_assets(const io::JsonValue& scenes, scenes::AssetOptions& assets) {
  assets = scenes::AssetOptions::installed(scenes.boolean_or("held_out", false));
  if (const auto photographs = scenes.find("photographs")) assets.photographs = read_paths(*photographs);
  if (const auto clips = scenes.find("clips")) assets.clips = read_paths(*clips);
  if (const auto font = scenes.find("emoji_font")) assets.emoji_font = font->as_string();
}

void read_weights(const io::JsonValue& weights, scenes::ComposeOptions& compose) {
  for (const auto& [name, weight] : weights.members()) {
    std::size_t kind = 0;
    while (kind < scenes::kEventKinds && scenes::name_of(static_cast<scenes::EventKind>(kind)) != name) ++kind;
    if (kind == scenes::kEventKinds) throw weight.error("is the name of no kind of event");
    compose.weights[kind] = weight.as_number();
  }
}

/** Those of a stage, and these. */
void allow_stage_members(const io::JsonValue& object, std::vector<std::string_view> names) {
  names.insert(names.end(), {"videos", "shortest", "longest", "fewest_events", "most_events", "event_scale",
                             "without_objects", "repeats", "long", "weights", "conversations"});
  object.allow_members(names);
}

}  // namespace

void read_conversation_counts(const io::JsonValue& counts, scenes::ConversationOptions& options) {
  constexpr std::int64_t kMost = 1000;
  counts.allow_members({"grounding", "absent", "dense_caption", "referring", "multiple_choice", "open_question",
                        "caption", "held_out_phrasings", "one_moment", "invented_words"});
  const auto read = [&](const char* name, int& value) {
    value = static_cast<int>(counts.integer_or(name, value, 0, kMost));
  };
  read("grounding", options.grounding);
  read("absent", options.absent);
  read("dense_caption", options.dense_caption);
  read("referring", options.referring);
  read("multiple_choice", options.multiple_choice);
  read("open_question", options.open_question);
  read("caption", options.caption);
  options.held_out_phrasings = counts.boolean_or("held_out_phrasings", options.held_out_phrasings);
  options.one_moment = counts.boolean_or("one_moment", options.one_moment);
  options.invented_words = counts.boolean_or("invented_words", options.invented_words);
}

namespace {

void read_shares(const io::JsonValue& object, scenes::ComposeOptions& compose) {
  const auto read = [&](const char* name, double& share) {
    share = object.number_or(name, share);
    if (!(share >= 0 && share <= 1)) throw object.at(name).error("must be from 0 to 1");
  };
  read("repeats", compose.repeats);
  read("long", compose.long_events);
  if (compose.repeats + compose.long_events > 1)
    throw object.error("\"repeats\" and \"long\" are more than 1 together");
}

void read_stage(const io::JsonValue& object, CurriculumStage& stage) {
  scenes::ComposeOptions& compose = stage.compose;
  compose.shortest = object.number_or("shortest", compose.shortest);
  compose.longest = object.number_or("longest", compose.longest);
  compose.fewest_events = static_cast<int>(object.integer_or("fewest_events", compose.fewest_events, 0, 100));
  compose.most_events = static_cast<int>(object.integer_or("most_events", compose.most_events, 0, 100));
  compose.event_scale = object.number_or("event_scale", compose.event_scale);
  compose.without_objects = object.number_or("without_objects", compose.without_objects);
  read_shares(object, compose);
  if (const auto weights = object.find("weights")) read_weights(*weights, compose);
  if (const auto counts = object.find("conversations")) read_conversation_counts(*counts, stage.conversations);
}

std::string replace(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

std::vector<std::int64_t> classes_of(scenes::EventKind kind, scenes::Side side) {
  std::vector<std::int64_t> classes{static_cast<std::int64_t>(kind)};
  const bool sided = kind == scenes::EventKind::kEnters || kind == scenes::EventKind::kLeaves;
  if (sided && side != scenes::Side::kNone) {
    const std::int64_t first = kind == scenes::EventKind::kEnters ? 0 : kSides;
    classes.push_back(static_cast<std::int64_t>(scenes::kEventKinds) + first + static_cast<std::int64_t>(side) - 1);
  }
  return classes;
}

/** The labels of a frame at `time`, `step` after the one before. `classes`: of each phase. */
std::vector<std::int64_t> labels_at(const scenes::Event& event, double time, double step, std::int64_t classes) {
  const bool phases[kPhases] = {time >= event.start && time < event.stop, std::abs(time - event.start) <= step,
                                std::abs(time - event.stop) <= step};
  std::vector<std::int64_t> labels;
  for (std::int64_t phase = 0; phase < kPhases; ++phase) {
    if (!phases[phase]) continue;
    for (const std::int64_t what : classes_of(event.kind, event.side)) labels.push_back(phase * classes + what);
  }
  return labels;
}

/** Writes 1 into labels that begin as 0. */
class Labels {
 public:
  Labels(Tensor& tensor, std::vector<std::int64_t> shape) : width_(shape.back()) {
    const Tensor empty(DataType::kFloat32, shape);
    auto data = allocate_tensor_data(empty.bytes());
    values_ = reinterpret_cast<float*>(data.get());
    std::fill_n(values_, empty.elements(), 0.0F);
    tensor = {DataType::kFloat32, std::move(shape), std::move(data)};
  }

  void set(std::int64_t row, std::int64_t which) const { values_[row * width_ + which] = 1; }

  /** Of `classes` in each phase those behind the events are not known. */
  void forget_things(std::int64_t rows, std::int64_t classes) const {
    for (std::int64_t phase = 0; phase < rows * kPhases; ++phase) {
      std::fill_n(values_ + phase * classes + kWhat, classes - kWhat, -1.0F);
    }
  }

 private:
  std::int64_t width_;
  float* values_;
};

/** Which patches of the middle square that a model looks at, `side` a row, show what `event` is about. */
std::vector<std::int64_t> patches_of(const scenes::Event& event, const scenes::Renderer& renderer, double time,
                                     std::int64_t side) {
  // Of the smaller of patch and object.
  constexpr double kEnough = 0.25;
  const double width = renderer.scene().width, height = renderer.scene().height;
  const double patch = std::min(width, height) / static_cast<double>(side);
  const double left = (width - std::min(width, height)) / 2, top = (height - std::min(width, height)) / 2;
  std::vector<cv::Rect2d> places;
  for (const int object : {event.object, event.other}) {
    if (object >= 0) places.push_back(renderer.place_of(static_cast<std::size_t>(object), time));
  }
  std::vector<std::int64_t> patches;
  for (std::int64_t i = 0; i < side * side; ++i) {
    const cv::Rect2d area(left + static_cast<double>(i % side) * patch, top + static_cast<double>(i / side) * patch,
                          patch, patch);
    const auto shows = [&](const cv::Rect2d& place) {
      return (area & place).area() > kEnough * std::min(area.area(), place.area());
    };
    if (places.empty() || std::any_of(places.begin(), places.end(), shows)) patches.push_back(i);
  }
  return patches;
}

}  // namespace

SceneSourceOptions SceneSourceOptions::read(const io::JsonValue& scenes) {
  allow_stage_members(scenes, {"seed", "held_out", "photographs", "clips", "emoji_font", "first"});
  SceneSourceOptions options;
  read_assets(scenes, options.assets);
  options.seed = static_cast<std::uint64_t>(scenes.integer_or("seed", 0, 0));
  options.videos = scenes.integer_or("videos", 0, 1);
  read_stage(scenes, options.lasting);
  if (const auto first = scenes.find("first")) {
    for (const io::JsonValue& each : first->elements()) {
      allow_stage_members(each, {});
      CurriculumStage stage = options.lasting;
      stage.videos = each.integer("videos", 1, kMostVideos);
      read_stage(each, stage);
      options.first.push_back(stage);
    }
  }
  return options;
}

const CurriculumStage& SceneSourceOptions::stage_of(std::int64_t index) const noexcept {
  for (const CurriculumStage& stage : first) {
    if (index < stage.videos) return stage;
    index -= stage.videos;
  }
  return lasting;
}

SceneSource::SceneSource(const SceneSourceOptions& options, const ModelConfig& model)
    : options_(options), model_(model), assets_(std::make_shared<const scenes::Assets>(options.assets)) {}

EventClasses SceneSource::event_classes() const noexcept {
  return {kWhat, model_.spatial.objects > 0 ? vision::kCocoClasses : 0};
}

std::uint64_t SceneSource::seed_of(std::int64_t index) const noexcept {
  return options_.seed + static_cast<std::uint64_t>(index);
}

scenes::Composition SceneSource::composition(std::int64_t index) const {
  const std::uint64_t seed = seed_of(options_.videos > 0 ? index % options_.videos : index);
  return scenes::compose(*assets_, seed, options_.stage_of(index).compose);
}

std::vector<scenes::Conversation> SceneSource::conversations(const scenes::Scene& scene, std::int64_t index) const {
  return scenes::converse(scene, seed_of(index), options_.stage_of(index).conversations);
}

scenes::Renderer SceneSource::renderer(std::int64_t index) const { return {assets_, composition(index)}; }

Sample SceneSource::render(const scenes::Renderer& renderer) const {
  const double fps = renderer.scene().fps;
  const std::vector<std::int64_t> indices = sample_indices(model_.frames, renderer.frames());
  ModelPixels pixels(model_);
  cv::Mat rgb;
  for (std::int64_t i = 0; i < model_.frames; ++i) {
    // The same frame again where the video is shorter than the samples.
    if (i == 0 || indices[i] != indices[i - 1]) renderer.render((static_cast<double>(indices[i]) + 0.5) / fps, rgb);
    pixels.put(i, {rgb.data, rgb.cols, rgb.rows, static_cast<std::int64_t>(rgb.step)});
  }
  return pixels.sample(renderer.scene().duration);
}

void SceneSource::label(const scenes::Renderer& renderer, Sample& sample) const {
  const scenes::Scene& scene = renderer.scene();
  const std::int64_t frames = model_.frames, side = model_.temporal.grid(), classes = event_classes().count();
  const Labels of_frames(sample.frame_labels, {frames, classes * kPhases});
  const Labels of_patches(sample.patch_labels, {frames, side * side, classes * kPhases});
  of_frames.forget_things(frames, classes);
  of_patches.forget_things(frames * side * side, classes);
  const double step = scene.duration / static_cast<double>(frames);
  for (const scenes::Event& event : scene.events) {
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      const double time = (static_cast<double>(frame) + 0.5) * step;
      const std::vector<std::int64_t> labels = labels_at(event, time, step, classes);
      if (labels.empty()) continue;
      const std::vector<std::int64_t> patches = patches_of(event, renderer, time, side);
      for (const std::int64_t label : labels) {
        of_frames.set(frame, label);
        for (const std::int64_t patch : patches) of_patches.set(frame * side * side + patch, label);
      }
    }
  }
}

TrainingText training_text(const scenes::Conversation& conversation, const PromptConfig& prompts) {
  switch (conversation.task) {
    case Task::kGrounding:
      return {replace(prompts.grounding, "{query}", conversation.query), conversation.answer};
    case Task::kDenseCaption:
      return {replace(prompts.dense_caption, "{query}", ""), conversation.answer};
    default:
      break;
  }
  TrainingText text{conversation.question, conversation.answer};
  for (const scenes::Option& option : conversation.options) {
    const bool right = static_cast<int>(text.options.size()) == conversation.right_option;
    text.options.push_back({option.end, {}, option.start, right});
    if (option.kind) text.options.back().classes = classes_of(*option.kind, option.side);
  }
  return text;
}

Sample SceneSource::make(std::int64_t index) const {
  const scenes::Renderer renderer = this->renderer(index);
  Sample sample = render(renderer);
  for (const scenes::Conversation& conversation : conversations(renderer.scene(), index)) {
    sample.texts.push_back(training_text(conversation, model_.prompts));
    if (conversation.task == Task::kGrounding && !conversation.events.empty()) {
      const scenes::Event& event = conversation.events.front();
      sample.texts.back().classes = classes_of(event.kind, event.side);
    }
  }
  label(renderer, sample);
  return sample;
}

}  // namespace gvl::training
