/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Several streams on one model: what runs together, and whose turn it is.

#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <latch>
#include <mutex>
#include <string>
#include <vector>

#include "layers/tensor_bridge.hpp"
#include "model/loaded_model.hpp"
#include "model/stages.hpp"
#include "model_test.hpp"
#include "random_model.hpp"

using namespace gvl;
using namespace gvl::model;
using runtime::Scheduler;

namespace {

/** Notes what it is given together. Pixels of a stream are filled with its number. */
class SpyEngine : public Engine {
 public:
  SpyEngine() : Engine(model::test::small_config(), c10::kCPU) {}

  at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation&) const override {
    return encode("spatial", pixels, {config().spatial_tokens(), config().spatial_width()});
  }
  at::Tensor encode_temporal(const at::Tensor& pixels, const Cancellation&) const override {
    return encode("temporal", pixels, {config().temporal_tokens_per_segment(), config().temporal.hidden_size});
  }
  at::Tensor fuse(const at::Tensor& spatial, const at::Tensor&) const override { return spatial; }
  void answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const override {
    std::string streams;
    for (const auto& window : windows) streams += std::to_string(static_cast<int>(window.tokens.as<float>()[0]));
    note("answers " + streams);
    for (std::size_t i = 0; i < windows.size(); ++i)
      for (std::size_t query = 0; query < windows[i].queries.size(); ++query) deliver({i, query, Answer(), nullptr});
  }

  /** The passes so far: "temporal 01" had a segment of stream 0 and one of stream 1. */
  std::vector<std::string> passes() const {
    std::lock_guard lock(mutex_);
    return passes_;
  }

 private:
  at::Tensor encode(const std::string& what, const at::Tensor& pixels, std::vector<std::int64_t> shape) const {
    std::string streams;
    for (std::int64_t i = 0; i < pixels.size(0); ++i) streams += std::to_string(pixels[i].view(-1)[0].item<int>());
    note(what + " " + streams);
    shape.insert(shape.begin(), pixels.size(0));
    return at::zeros(shape);
  }

  void note(const std::string& pass) const {
    std::lock_guard lock(mutex_);
    passes_.push_back(pass);
  }

  mutable std::mutex mutex_;
  mutable std::vector<std::string> passes_;
};

/** A stage that does not begin before all is submitted. */
class Streams {
 public:
  using MakeStage = runtime::Stage (*)(std::shared_ptr<const Engine>, const StageOptions&);

  Streams(MakeStage make, int max_batch)
      : stage_(scheduler_.add_stage(make(engine_, {.max_batch = max_batch}))),
        hold_(scheduler_.add_stage({"hold", 1, {}, [this](const auto&) {
                                      holds_.count_down();
                                      begin_.wait();
                                    }})) {
    scheduler_.submit(hold_, this, std::make_shared<runtime::Job>());
    holds_.wait();
  }

  const SpyEngine& engine() const { return *engine_; }

  void submit(int stream, std::shared_ptr<runtime::Job> job) {
    scheduler_.submit(stage_, of(stream).id(), std::move(job));
  }

  /** A segment of the stream, whose pixels are of this shape. */
  void encode(int stream, const std::vector<std::int64_t>& shape) {
    const auto pixels = layers::from_aten(at::full(shape, stream, at::kByte));
    auto job = std::make_shared<TensorJob>(std::vector<Future<Tensor>>{Future<Tensor>::of(pixels)}, of(stream));
    results_.push_back(job->promise.future());
    submit(stream, std::move(job));
  }

  std::vector<Future<Answer>> ask(int stream, const std::vector<Query>& queries) {
    const auto tokens = layers::from_aten(at::full({1, 1}, stream, at::kFloat));
    auto job = std::make_shared<AnswerJob>(VideoWindow{Future<Tensor>::of(tokens), 1}, queries, GenerationOptions(),
                                           of(stream));
    std::vector<Future<Answer>> answers;
    for (const auto& promise : job->promises) answers.push_back(promise.future());
    submit(stream, std::move(job));
    return answers;
  }

  void begin() {
    begin_.count_down();
    for (const auto& result : results_) result.get();
  }

 private:
  const Cancellation& of(int stream) const { return streams_[static_cast<std::size_t>(stream)]; }

  std::shared_ptr<SpyEngine> engine_ = std::make_shared<SpyEngine>();
  std::latch holds_{1}, begin_{1};
  std::vector<Cancellation> streams_{4};
  std::vector<Future<Tensor>> results_;
  Scheduler scheduler_{[] {}};
  Scheduler::StageId stage_, hold_;
};

void expect_passes(const SpyEngine& engine, const std::vector<std::string>& expected) {
  std::string all;
  for (const auto& pass : engine.passes()) all += "[" + pass + "]";
  ck_assert_msg(engine.passes() == expected, "passes %s", all.c_str());
}

}  // namespace

GVL_TEST(segments_of_different_streams_share_a_pass_of_an_encoder) {
  const ModelConfig config = model::test::small_config();
  const auto keyframe = std::vector{config.spatial.keyframes, config.spatial.image_size, config.spatial.image_size, 3L};
  Streams spatial(spatial_stage, 8);
  for (int stream = 0; stream < 4; ++stream) spatial.encode(stream, keyframe);
  spatial.begin();
  expect_passes(spatial.engine(), {"spatial 0123"});

  const auto size = config.temporal.image_size;
  Streams temporal(temporal_stage, 2);
  // A stream that sends more does not fill the passes alone.
  for (const int stream : {0, 0, 0, 1, 2}) temporal.encode(stream, {config.frames_per_segment(), size, size, 3});
  temporal.begin();
  expect_passes(temporal.engine(), {"temporal 01", "temporal 20", "temporal 0"});
}

GVL_TEST(windows_of_different_streams_are_answered_together) {
  const std::vector<Query> two{{Task::kGrounding, "one"}, {Task::kGrounding, "two"}};
  Streams streams(answer_stage, 3);
  std::vector<Future<Answer>> all;
  for (int stream = 0; stream < 4; ++stream) {
    const auto answers = streams.ask(stream, two);
    all.insert(all.end(), answers.begin(), answers.end());
  }
  streams.begin();
  for (const auto& answer : all) answer.get();
  expect_passes(streams.engine(), {"answers 012", "answers 3"});
}

namespace {

/** In which order streams of these priorities are served, by a whole model; they are set while the input is awaited. */
std::vector<std::size_t> order_of(const std::vector<int>& priorities) {
  const auto model = Model::load(model::test::converted("phi_c"), {.spatial = {.max_batch = 1}});
  const ModelConfig& config = model->config();
  Promise<Tensor> pixels;
  std::mutex mutex;
  std::vector<std::size_t> order;
  std::vector<Future<Tensor>> all;
  for (std::size_t stream = 0; stream < priorities.size(); ++stream) {
    const Cancellation cancellation;
    all.push_back(model->encode_spatial(pixels.future(), cancellation));
    cancellation.set_priority(priorities[stream]);
    all.back().when_ready([&, stream] {
      std::lock_guard lock(mutex);
      order.push_back(stream);
    });
  }
  std::latch holds(1), all_submitted(1);
  runtime::Scheduler& scheduler = dynamic_cast<LoadedModel&>(*model).scheduler();
  const auto hold = scheduler.add_stage({"hold", 1, {}, [&](const auto&) {
                                           holds.count_down();
                                           all_submitted.wait();
                                         }});
  scheduler.submit(hold, &all_submitted, std::make_shared<runtime::Job>());
  holds.wait();
  const auto size = config.spatial.image_size;
  pixels.set_value(layers::from_aten(at::zeros({config.spatial.keyframes, size, size, 3}, at::kByte)));
  all_submitted.count_down();
  for (const auto& each : all) each.get();
  // Who waits for a result may be told before the order is noted.
  model->encode_spatial(pixels.future(), {}).get();
  std::lock_guard lock(mutex);
  return order;
}

}  // namespace

GVL_TEST(a_model_serves_the_stream_of_the_highest_priority_first) {
  ck_assert((order_of({0, 0, 0}) == std::vector<std::size_t>{0, 1, 2}));
  ck_assert((order_of({-1, 0, 7}) == std::vector<std::size_t>{2, 1, 0}));
}
