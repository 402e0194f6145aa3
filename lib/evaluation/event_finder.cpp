/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/event_finder.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "evaluation/window_questions.hpp"
#include "gvl/sampling.hpp"
#include "timeline/window_assembler.hpp"
#include "timeline/window_planner.hpp"

namespace gvl::evaluation {
namespace {

using timeline::Time;

constexpr std::int64_t kSecond = std::nano::den;

/** When the frames of a video are shown. */
class FrameTimes {
 public:
  explicit FrameTimes(const Video& video) : rate_(video.rate()), frames_(video.frames()) {}

  Time start_of(std::int64_t frame) const {
    return timeline::scale(Time(frame), rate_.denominator * kSecond, rate_.numerator);
  }

  std::int64_t shown_at(Time time) const {
    auto frame = timeline::scale(time, rate_.numerator, rate_.denominator * kSecond).count();
    while (start_of(frame + 1) <= time) ++frame;  // frames' times are rounded down
    return std::min(frame, frames_ - 1);
  }

  Time duration() const { return start_of(frames_); }

  /** As a file is announced. */
  timeline::StreamFacts facts() const {
    return {.fps_n = rate_.numerator,
            .fps_d = rate_.denominator,
            .longest_interval = start_of(1),
            .low = Time(),
            .duration = duration()};
  }

 private:
  FrameRate rate_;
  std::int64_t frames_;
};

/** What the models see of some frames. */
class Pictures {
 public:
  Pictures(std::int64_t count, const VisionConfig& config)
      : config_(config),
        bytes_(static_cast<std::size_t>(config.image_size * config.image_size * 3)),
        shape_{count, config.image_size, config.image_size, 3},
        data_(allocate_tensor_data(static_cast<std::size_t>(count) * bytes_)) {}

  void put(std::int64_t index, const RgbView& frame) {
    auto* first = reinterpret_cast<std::uint8_t*>(data_.get()) + static_cast<std::size_t>(index) * bytes_;
    make_picture(frame, config_, {first, bytes_});
  }

  Future<Tensor> tensor() const { return Future<Tensor>::of({DataType::kUInt8, shape_, data_}); }

 private:
  const VisionConfig& config_;
  std::size_t bytes_;
  std::vector<std::int64_t> shape_;
  std::shared_ptr<std::byte> data_;
};

/** One video's way through the model. */
class VideoAsker {
 public:
  VideoAsker(Model& model, Video& video, const std::vector<Query>& queries, const GenerationOptions& generation)
      : model_(model),
        config_(model.config()),
        video_(video),
        times_(video),
        queries_(queries),
        generation_(generation) {}

  AnsweredVideo ask() {
    timeline::WindowPlanner planner(config_.frames, config_.segments);
    planner.accept(planner.propose(Time(), times_.facts(), {}), times_.facts(), {});
    const auto& sequence = planner.sequence();
    timeline::WindowAssembler windows(static_cast<std::uint64_t>(sequence.window),
                                      static_cast<std::uint64_t>(sequence.hop), sequence.backward);
    // So that of a long video not all pictures are in memory.
    WindowQuestions questions(model_, queries_, generation_, 1);
    const timeline::SegmentPlan& plan = planner.plan();
    for (std::int64_t i = 0; i < plan.segments(); ++i) {
      auto complete =
          windows.add(static_cast<std::uint64_t>(i), {tokens_of(plan, i), plan.segment_start(i), plan.segment_stop(i)});
      for (auto& window : complete) questions.ask(std::move(window));
    }
    return {times_.duration(), questions.finish()};
  }

  std::vector<Future<Answer>> ask_about_all() {
    timeline::WindowPlanner planner(config_.frames, config_.segments);
    planner.plan_whole(Time(), times_.duration(), times_.facts(), {});
    std::vector<Future<Tensor>> tokens;
    for (std::int64_t i = 0; i < planner.plan().segments(); ++i) tokens.push_back(tokens_of(planner.plan(), i));
    const VideoWindow all{model_.concatenate(std::move(tokens), never_), timeline::to_seconds(times_.duration())};
    return model_.answer(all, queries_, generation_, never_);
  }

 private:
  Future<Tensor> tokens_of(const timeline::SegmentPlan& plan, std::int64_t segment) {
    const std::int64_t samples = plan.samples_per_segment(), keyframes = config_.spatial.keyframes;
    Pictures spatial(keyframes, config_.spatial), temporal(samples, config_.temporal);
    for (std::int64_t i = 0; i < samples; ++i) {
      const RgbView frame = video_.frame(times_.shown_at(plan.sample_target(segment * samples + i)));
      temporal.put(i, frame);
      if (is_keyframe(i, samples, keyframes)) spatial.put(i / (samples / keyframes), frame);
    }
    return model_.fuse(model_.encode_spatial(spatial.tensor(), never_),
                       model_.encode_temporal(temporal.tensor(), never_), never_);
  }

  Model& model_;
  const ModelConfig& config_;
  Video& video_;
  FrameTimes times_;
  const std::vector<Query>& queries_;
  const GenerationOptions generation_;
  Cancellation never_;
};

/** Whether an event or a window's answer is what was said to a query. */
bool is_about(const Query& query, const auto& said) { return said.task == query.task && said.query == query.text; }

/** Words of the window that is the surest of them. */
void take_surest(const std::vector<timeline::WindowAnswer>& all, Answer& answer) {
  const timeline::WindowAnswer* best = nullptr;
  for (const timeline::WindowAnswer& each : all) {
    if (is_about(answer.query, each) && (!best || each.confidence > best->confidence)) best = &each;
  }
  if (!best) return;
  answer.text_seconds = best->text;
  answer.confidence = best->confidence;
}

void append(timeline::EventAssembler::Outcome outcome, FoundInVideo& found) {
  std::move(outcome.events.begin(), outcome.events.end(), std::back_inserter(found.events));
  if (outcome.answer) found.answers.push_back(std::move(*outcome.answer));
}

}  // namespace

AnsweredVideo ask(Model& model, Video& video, const std::vector<Query>& queries, const GenerationOptions& generation) {
  return VideoAsker(model, video, queries, generation).ask();
}

std::vector<Future<Answer>> ask_about_all(Model& model, Video& video, const std::vector<Query>& queries,
                                          const GenerationOptions& generation) {
  return VideoAsker(model, video, queries, generation).ask_about_all();
}

AnsweredVideo ask(Model& model, std::vector<Future<Tensor>> segments, double duration,
                  const std::vector<Query>& queries) {
  const Cancellation never;
  const VideoWindow window{model.concatenate(std::move(segments), never), duration};
  AnsweredVideo answered{.duration = timeline::from_seconds(duration)};
  for (const Future<Answer>& answer : model.answer(window, queries, {}, never))
    answered.answers.push_back({about_window(model.config(), 0, Time(), answered.duration), answer.get()});
  return answered;
}

FoundInVideo events_of(const AnsweredVideo& video, double min_confidence) {
  timeline::EventAssembler assembler;
  FoundInVideo found;
  std::uint64_t session = 0;
  for (const auto& [asked, answer] : video.answers) {
    // What was held back of the session before has that one's times.
    if (asked.session != session) append(assembler.finish(), found);
    session = asked.session;
    timeline::AnsweredWindow window = asked;
    window.believed = std::max(min_confidence, asked.believed);
    window.min_confidence = min_confidence;
    append(assembler.add(window, answer), found);
  }
  append(assembler.finish(), found);
  return found;
}

std::vector<Answer> answers_to(const std::vector<Query>& queries, const FoundInVideo& found) {
  std::vector<Answer> answers;
  for (const Query& query : queries) {
    Answer answer{.query = query};
    for (const timeline::GroundedEvent& event : found.events) {
      if (!is_about(query, event)) continue;
      const Interval time = interval_of(event);
      answer.intervals.push_back({time.start, time.stop, event.confidence, event.text});
      answer.text_seconds += (answer.text_seconds.empty() ? "" : "\n") + event.text;
      answer.confidence = std::max(answer.confidence, event.confidence);
    }
    if (answer.intervals.empty()) take_surest(found.answers, answer);
    answer.text = answer.text_seconds;
    answers.push_back(std::move(answer));
  }
  return answers;
}

FoundInVideo find_events(Model& model, Video& video, const std::vector<Query>& queries, double min_confidence) {
  return events_of(ask(model, video, queries), min_confidence);
}

}  // namespace gvl::evaluation
