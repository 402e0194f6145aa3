/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/measure.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <opencv2/core.hpp>
#include <utility>

#include "evaluation/conversation_questions.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/file_video.hpp"
#include "evaluation/query_file.hpp"
#include "layers/tensor_bridge.hpp"
#include "text/answer.hpp"
#include "training/batch.hpp"
#include "training/scene_source.hpp"
#include "training/watch_source.hpp"

namespace gvl::evaluation {
namespace {

RgbView view_of(const cv::Mat& rgb) { return {rgb.data, rgb.cols, rgb.rows, static_cast<std::int64_t>(rgb.step)}; }

class SceneVideo : public Video {
 public:
  explicit SceneVideo(scenes::Renderer renderer) : renderer_(std::move(renderer)) {}

  const scenes::Scene& scene() const noexcept { return renderer_.scene(); }

  FrameRate rate() const override { return FrameRate::of(scene().fps); }
  std::int64_t frames() const override { return renderer_.frames(); }
  RgbView frame(std::int64_t number) override {
    if (std::exchange(last_, number) != number) {
      renderer_.render((static_cast<double>(number) + 0.5) / scene().fps, rgb_);
    }
    return view_of(rgb_);
  }

 private:
  scenes::Renderer renderer_;
  std::int64_t last_ = -1;
  cv::Mat rgb_;
};

/** What is true of a conversation's dense captions, as the model could say it: times are those of temporal tokens. */
Captions captions_of(const scenes::Conversation& conversation, double duration, std::int64_t temporal_tokens) {
  Captions captions;
  const std::string answer = training::quantise_times(conversation.answer, duration, temporal_tokens);
  for (const auto& interval : text::parse_intervals(answer, duration, temporal_tokens, true)) {
    captions.push_back({{interval.start_seconds, interval.stop_seconds}, interval.text});
  }
  return captions;
}

Question question_of(const scenes::Conversation& conversation, double duration, std::int64_t temporal_tokens) {
  Question question{{conversation.task, conversation.query}, conversation.kind};
  if (conversation.task == Task::kDenseCaption) {
    question.captions = captions_of(conversation, duration, temporal_tokens);
  } else if (conversation.task == Task::kGrounding) {
    for (const TimeRange& moment : conversation.moments) question.truths.push_back({moment.start, moment.stop});
  }
  if (conversation.right_option < 0) return question;
  for (const scenes::Option& option : conversation.options) question.options.push_back(option.text);
  question.right = static_cast<std::size_t>(conversation.right_option);
  return question;
}

bool is_measured(const scenes::Conversation& conversation) {
  return conversation.task == Task::kGrounding || conversation.task == Task::kDenseCaption ||
         conversation.right_option >= 0;
}

std::vector<Question> questions_of(const std::vector<scenes::Conversation>& conversations, double duration,
                                   std::int64_t temporal_tokens) {
  std::vector<Question> questions;
  for (const scenes::Conversation& conversation : conversations) {
    if (is_measured(conversation)) questions.push_back(question_of(conversation, duration, temporal_tokens));
  }
  return questions;
}

/** Of a video: what it is called, and what is asked about it. */
using Visit = std::function<void(const std::string&, const Ask&, const std::vector<Question>&)>;

/** `visit` without the questions that such a model has no answers to. */
Visit answerable(const Model& model, Visit visit) {
  return [&model, visit = std::move(visit)](const std::string& video, const Ask& ask,
                                            const std::vector<Question>& questions) {
    std::vector<Question> kept;
    std::copy_if(questions.begin(), questions.end(), std::back_inserter(kept),
                 [&](const Question& question) { return model.config().answers(question.query.task); });
    visit(video, ask, kept);
  };
}

Ask asking(Model& model, Video& video) {
  return [&](const std::vector<Query>& queries) { return ask(model, video, queries); };
}

void visit_scenes(Model& model, const io::JsonValue& scenes, const Visit& visit, const Progress& progress) {
  const auto read = training::SceneSourceOptions::read(scenes);
  if (read.videos == 0) throw scenes.error("says no number of videos");
  const training::SceneSource source(read, model.config());
  for (std::int64_t i = 0; i < read.videos; ++i) {
    SceneVideo video(source.renderer(i));
    visit(std::to_string(i), asking(model, video),
          questions_of(source.conversations(video.scene(), i), video.scene().duration, model.config().temporal_tokens));
    if (progress) progress(i + 1, read.videos);
  }
}

/** Segment `segment` of a sample's stream, [K, ...]. */
Future<Tensor> part_of(const Tensor& stream, std::int64_t segment) {
  return Future<Tensor>::of(layers::from_aten(layers::to_aten(stream)[segment].clone()));
}

/** Watched scenes, as training has them: a detector's word for them is simulated. */
void visit_watched(Model& model, const io::JsonValue& watched, const Visit& visit, const Progress& progress) {
  const auto read = training::WatchSourceOptions::read(watched);
  if (read.videos == 0) throw watched.error("says no number of videos");
  const training::WatchSource source(read, {}, model.config());
  const Cancellation never;
  for (std::int64_t i = 0; i < read.videos; ++i) {
    const training::Sample sample = source.make(i);
    const Ask ask_about = [&](const std::vector<Query>& queries) {
      std::vector<Future<Tensor>> segments;
      for (std::int64_t segment = 0; segment < model.config().segments; ++segment) {
        segments.push_back(model.fuse(part_of(sample.spatial_features, segment),
                                      model.encode_temporal(part_of(sample.temporal_pixels, segment), never), never));
      }
      return ask(model, std::move(segments), sample.duration, queries);
    };
    visit(std::to_string(i), ask_about,
          questions_of(source.conversations(i), sample.duration, model.config().temporal_tokens));
    if (progress) progress(i + 1, read.videos);
  }
}

void visit_queries(Model& model, const io::JsonValue& queries, const Visit& visit, const Progress& progress) {
  const auto videos = read_queries(queries);
  std::int64_t done = 0;
  for (const QueriedVideo& queried : videos) {
    FileVideo video(queried.file);
    visit(queried.file.filename().string(), asking(model, video), queried.questions);
    if (progress) progress(++done, static_cast<std::int64_t>(videos.size()));
  }
}

void visit_conversations(Model& model, const io::JsonValue& conversations, const Visit& visit,
                         const Progress& progress) {
  const auto videos = read_talked_videos(conversations);
  std::int64_t done = 0;
  for (const TalkedVideo& talked : videos) {
    FileVideo video(talked.file);
    const double duration = static_cast<double>(video.frames()) * video.rate().denominator / video.rate().numerator;
    visit(talked.file.filename().string(), asking(model, video),
          questions_in(talked.texts, model.config().prompts, duration));
    if (progress) progress(++done, static_cast<std::int64_t>(videos.size()));
  }
}

/** Calls `visit` with each video of a configuration, and what is asked about it. */
void visit_videos(Model& model, const io::JsonValue& configuration, const Visit& visit, const Progress& progress) {
  using Visitor = void (*)(Model&, const io::JsonValue&, const Visit&, const Progress&);
  const std::pair<const char*, Visitor> kinds[] = {{"queries", visit_queries},
                                                   {"conversations", visit_conversations},
                                                   {"scenes", visit_scenes},
                                                   {"watched", visit_watched}};
  configuration.allow_members({"queries", "conversations", "scenes", "watched"});
  const std::pair<const char*, Visitor>* given = nullptr;
  for (const auto& kind : kinds) {
    if (!configuration.find(kind.first)) continue;
    if (given) {
      throw configuration.error("\"" + std::string(given->first) + "\" and \"" + kind.first +
                                "\" are both given: one of them is measured");
    }
    given = &kind;
  }
  if (!given) {
    throw configuration.error(
        "has none of \"queries\", \"conversations\", \"scenes\" and \"watched\": one of them is measured");
  }
  given->second(model, configuration.object(given->first), visit, progress);
}

}  // namespace

Report measure(Model& model, const io::JsonValue& configuration, double min_confidence, const Progress& progress,
               std::string* answers) {
  std::string video;
  const auto tell = [&](const GroundedQuestion& grounded) { *answers += to_json(video, grounded); };
  Evaluation evaluation(min_confidence, answers != nullptr ? Tell(tell) : Tell());
  const auto visit = [&](const std::string& name, const Ask& ask, const auto& questions) {
    video = name;
    evaluation.measure(ask, questions);
  };
  visit_videos(model, configuration, answerable(model, visit), progress);
  return evaluation.report();
}

Calibration calibrate(Model& model, const io::JsonValue& configuration, double least_iou, const Progress& progress) {
  Calibration calibration(least_iou);
  const auto visit = [&](const std::string&, const Ask& ask, const auto& questions) {
    calibration.measure(ask, questions);
  };
  visit_videos(model, configuration, answerable(model, visit), progress);
  return calibration;
}

}  // namespace gvl::evaluation
