/*
 * gvl-eval [--model DIR] [--json FILE] CONFIG.json: measures a model on generated videos. CONFIG.json has the member
 * `scenes` of a training run's data (docs/training.md), with the number of `videos`. Prints a table; with --json also
 * writes all numbers. Exits 0 when it has measured, 1 on wrong usage, 2 when it could not.
 */
#include <glib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "evaluation/report.hpp"
#include "gvl/error.hpp"
#include "gvl/model.hpp"
#include "text/answer.hpp"
#include "training/batch.hpp"
#include "training/scene_source.hpp"

namespace {

using namespace gvl;
using scenes::Conversation;

int usage(const char* reason) {
  std::fprintf(stderr, "gvl-eval: %s\nusage: gvl-eval --model DIR [--json FILE] CONFIG.json\n", reason);
  return 1;
}

/** Part `index` of a tensor along its first dimension, over the same memory. */
Tensor part(const Tensor& tensor, std::int64_t index) {
  Tensor slice = tensor;
  slice.shape.erase(slice.shape.begin());
  slice.data = {tensor.data, tensor.data.get() + static_cast<std::size_t>(index) * slice.bytes()};
  return slice;
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
      add_grounding(conversation, answer);
    } else if (conversation.task == Task::kDenseCaption) {
      add_captions(conversation, answer, duration);
    } else {
      report.add_choice(conversation.kind, {evaluation::chosen_option(answer.text, conversation.options),
                                            static_cast<std::size_t>(conversation.right_option)});
    }
  }

  evaluation::Report report;

 private:
  void add_grounding(const Conversation& conversation, const Answer& answer) {
    const bool present = !conversation.events.empty();
    const double sure = answer.intervals.empty() ? 0 : answer.intervals.front().confidence;
    report.add_presence("all", sure, present);
    if (!present) return;
    evaluation::Grounding grounding;
    grounding.reference = {conversation.events.front().start, conversation.events.front().stop};
    if (!answer.intervals.empty()) {
      grounding.prediction = {answer.intervals.front().start, answer.intervals.front().stop};
    }
    report.add_grounding(conversation.kind, grounding);
  }

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

void write_file(const std::string& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw Error(ErrorCode::kResource, file + ": cannot be written");
}

int evaluate(const std::string& model_folder, const std::string& file, const char* json) {
  const std::shared_ptr<Model> model = Model::load(model_folder);
  const auto options = training::SceneSourceOptions::read(io::JsonValue::load(file).object("scenes"));
  if (options.videos == 0) throw Error(ErrorCode::kInvalidArgument, file + ": scenes: says no number of videos");
  const training::SceneSource source(options, model->config());
  Evaluation evaluation(model->config().temporal_tokens);
  for (std::int64_t i = 0; i < options.videos; ++i) {
    evaluate_video(*model, source, i, evaluation);
    if (isatty(STDERR_FILENO)) {
      std::fprintf(stderr, "\r%lld of %lld videos%s", static_cast<long long>(i + 1),
                   static_cast<long long>(options.videos), i + 1 == options.videos ? "\n" : "");
    }
  }
  std::fputs(evaluation.report.to_table().c_str(), stdout);
  if (json != nullptr) write_file(json, evaluation.report.to_json());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  g_autofree char* model = nullptr;
  g_autofree char* json = nullptr;
  const GOptionEntry entries[] = {{"model", 0, 0, G_OPTION_ARG_FILENAME, &model, "Model folder", "DIR"},
                                  {"json", 0, 0, G_OPTION_ARG_FILENAME, &json, "Write the numbers, too", "FILE"},
                                  {}};
  g_autoptr(GOptionContext) context = g_option_context_new("CONFIG.json");
  g_option_context_set_summary(context, "Measures a model on generated videos with known events.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != 2) return usage("one configuration is needed");
  if (model == nullptr) return usage("--model is needed");
  try {
    return evaluate(model, argv[1], json);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-eval: %s\n", failure.what());
    return 2;
  }
}
