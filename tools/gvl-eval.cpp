/*
 * gvl-eval [--model DIR] [--json FILE] CONFIG.json: measures a model. CONFIG.json has either the member `scenes` of a
 * training run's data, with the number of `videos`, or `queries`: videos in files and what is to be found in them, when
 * (docs/training.md). Prints a table; with --json also writes all numbers. Exits 0 when it has measured, 1 on wrong
 * usage, 2 when it could not.
 */
#include <glib.h>
#include <unistd.h>

#include <opencv2/core/utils/logger.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "evaluation/report.hpp"
#include "gvl/error.hpp"
#include "gvl/model.hpp"
#include "text/answer.hpp"
#include "training/batch.hpp"
#include "training/query_file.hpp"
#include "training/scene_source.hpp"
#include "training/video_source.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gvl;
using scenes::Conversation;

int usage(const char* reason) {
  std::fprintf(stderr, "gvl-eval: %s\nusage: gvl-eval [--model DIR] [--json FILE] CONFIG.json\n", reason);
  return 1;
}

/** Part `index` of a tensor along its first dimension, over the same memory. */
Tensor part(const Tensor& tensor, std::int64_t index) {
  const Tensor slice(tensor.type, {tensor.shape.begin() + 1, tensor.shape.end()});
  const std::byte* data = tensor.map() + static_cast<std::size_t>(index) * slice.bytes();
  return {slice.type, slice.shape, std::shared_ptr<const std::byte>(tensor.storage(), data)};
}

VideoWindow encode(Model& model, const training::Sample& sample) {
  const Cancellation never;
  std::vector<Future<Tensor>> segments;
  for (std::int64_t i = 0; i < model.config().segments; ++i) {
    Tensor keyframe = part(sample.spatial_pixels, i);
    keyframe.shape.insert(keyframe.shape.begin(), 1);
    const auto spatial = model.encode_spatial(Future<Tensor>::of(keyframe), never);
    const auto temporal = model.encode_temporal(Future<Tensor>::of(part(sample.temporal_pixels, i)), never);
    segments.push_back(model.fuse(spatial, temporal, never));
  }
  return {model.concatenate(segments, never), sample.duration};
}

/** Answers about videos against what is true. */
class Evaluation {
 public:
  explicit Evaluation(std::int64_t temporal_tokens) : temporal_tokens_(temporal_tokens) {}

  static bool measures(const Conversation& conversation) {
    return conversation.task == Task::kGrounding || conversation.task == Task::kDenseCaption ||
           conversation.right_option >= 0;
  }

  void add(const Conversation& conversation, const Answer& answer, double duration) {
    if (conversation.task == Task::kGrounding) {
      std::optional<evaluation::Interval> truth;
      if (!conversation.events.empty()) truth = {conversation.events.front().start, conversation.events.front().stop};
      add(conversation.kind, truth, answer);
    } else if (conversation.task == Task::kDenseCaption) {
      add_captions(conversation, answer, duration);
    } else {
      std::vector<std::string> options;
      for (const scenes::Option& option : conversation.options) options.push_back(option.text);
      report.add_choice(conversation.kind, {evaluation::chosen_option(answer.text, options),
                                            static_cast<std::size_t>(conversation.right_option)});
    }
  }

  /** A grounding query; without `truth`, what it asks for does not happen. */
  void add(const std::string& kind, const std::optional<evaluation::Interval>& truth, const Answer& answer) {
    const double sure = answer.intervals.empty() ? 0 : answer.intervals.front().confidence;
    report.add_presence("all", sure, truth.has_value());
    if (!truth) return;
    evaluation::Grounding grounding{std::nullopt, *truth};
    if (!answer.intervals.empty()) {
      grounding.prediction = {answer.intervals.front().start, answer.intervals.front().stop};
    }
    report.add_grounding(kind, grounding);
  }

  evaluation::Report report;

 private:
  void add_captions(const Conversation& conversation, const Answer& answer, double duration) {
    evaluation::Captions reference, predicted;
    const std::string quantised = training::quantise_times(conversation.answer, duration, temporal_tokens_);
    for (const auto& interval : text::parse_intervals(quantised, duration, temporal_tokens_, true)) {
      reference.push_back({{interval.start_seconds, interval.stop_seconds}, interval.text});
    }
    for (const Interval& interval : answer.intervals) {
      predicted.push_back({{interval.start, interval.stop}, interval.text});
    }
    if (!reference.empty())
      report.add_dense_captioning("all", evaluation::dense_captioning_score(predicted, {reference}));
  }

  std::int64_t temporal_tokens_;
};

void evaluate_video(Model& model, const training::SceneSource& source, std::int64_t index, Evaluation& evaluation) {
  const scenes::Composition composition = source.composition(index);
  std::vector<Conversation> asked;
  std::vector<Query> queries;
  for (Conversation& conversation : source.conversations(composition.scene, index)) {
    if (!Evaluation::measures(conversation)) continue;
    queries.push_back({conversation.task, conversation.query});
    asked.push_back(std::move(conversation));
  }
  const VideoWindow window = encode(model, source.render(composition));
  const auto answers = model.answer(window, queries, {}, Cancellation());
  for (std::size_t i = 0; i < answers.size(); ++i) evaluation.add(asked[i], answers[i].get(), window.duration);
}

void evaluate_video(Model& model, const training::QueriedVideo& video, Evaluation& evaluation) {
  std::vector<Query> queries;
  for (const training::VideoQuery& query : video.queries) queries.push_back({Task::kGrounding, query.query});
  const VideoWindow window = encode(model, training::read_video(video.file, model.config()));
  const auto answers = model.answer(window, queries, {}, Cancellation());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    evaluation.add(video.queries[i].kind, video.queries[i].interval, answers[i].get());
  }
}

void show_progress(std::int64_t done, std::int64_t total) {
  if (!isatty(STDERR_FILENO)) return;
  std::fprintf(stderr, "\r%lld of %lld videos%s", static_cast<long long>(done), static_cast<long long>(total),
               done == total ? "\n" : "");
}

void evaluate_scenes(Model& model, const io::JsonValue& scenes, Evaluation& evaluation) {
  const auto options = training::SceneSourceOptions::read(scenes);
  if (options.videos == 0) throw scenes.error("says no number of videos");
  const training::SceneSource source(options, model.config());
  for (std::int64_t i = 0; i < options.videos; ++i) {
    evaluate_video(model, source, i, evaluation);
    show_progress(i + 1, options.videos);
  }
}

void evaluate_queries(Model& model, const io::JsonValue& queries, Evaluation& evaluation) {
  const auto videos = training::read_queries(queries);
  for (std::size_t i = 0; i < videos.size(); ++i) {
    evaluate_video(model, videos[i], evaluation);
    show_progress(static_cast<std::int64_t>(i + 1), static_cast<std::int64_t>(videos.size()));
  }
}

void write_file(const std::string& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw Error(ErrorCode::kResource, file + ": cannot be written");
}

int evaluate(const fs::path& model_folder, const std::string& file, const char* json) {
  const std::shared_ptr<Model> model = Model::load(model_folder);
  const io::JsonValue root = io::JsonValue::load(file);
  Evaluation evaluation(model->config().temporal_tokens);
  if (const auto queries = root.find("queries")) {
    evaluate_queries(*model, *queries, evaluation);
  } else {
    evaluate_scenes(*model, root.object("scenes"), evaluation);
  }
  std::fputs(evaluation.report.to_table().c_str(), stdout);
  if (json != nullptr) write_file(json, evaluation.report.to_json());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  g_autofree char* model = nullptr;
  g_autofree char* json = nullptr;
  const GOptionEntry entries[] = {
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &model, "Folder of the model; else the default model", "DIR"},
      {"json", 0, 0, G_OPTION_ARG_FILENAME, &json, "Write the numbers, too", "FILE"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("CONFIG.json");
  g_option_context_set_summary(context,
                               "Measures a model on generated videos, or on those of a file, with known events.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != 2) return usage("one configuration is needed");
  // OpenCV warns of what it does not need to know of a video.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  try {
    return evaluate(model != nullptr ? fs::path(model) : default_model_folder(), argv[1], json);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-eval: %s\n", failure.what());
    return 2;
  }
}
