/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/stages.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "gvl/error.hpp"
#include "layers/libtorch_errors.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/common_cancellation.hpp"

namespace gvl::model {
namespace {

using runtime::Batch;
using runtime::Stage;

void expect_shape(const char* what, const Tensor& tensor, DataType type, const std::vector<std::int64_t>& shape) {
  if (tensor.type == type && tensor.shape == shape) return;
  throw Error(ErrorCode::kInvalidArgument, std::string(what) + ": " + name_of(tensor.type) + " " +
                                               to_string(tensor.shape) + " given, this model takes " + name_of(type) +
                                               " " + to_string(shape));
}

Stage make_stage(const char* name, const StageOptions& options, std::function<void(const Batch&)> run) {
  // Nobody means a batch below one: the scheduler refuses it.
  return {name, static_cast<std::size_t>(std::max(options.max_batch, 0)), options.max_wait, std::move(run)};
}

TensorJob& tensor_job(const std::shared_ptr<runtime::Job>& job) { return static_cast<TensorJob&>(*job); }

/** Runs the jobs of a batch one after the other: `compute` makes a job's tensor. */
template <typename Compute>
void run_each(const char* name, const Batch& batch, const Compute& compute) noexcept {
  for (const auto& job : batch) {
    TensorJob& tensor = tensor_job(job);
    try {
      const c10::InferenceMode inference;
      tensor.cancellation.check();
      tensor.promise.set_value(layers::rethrow_libtorch_errors(name, [&] { return compute(tensor.inputs); }));
    } catch (...) {
      tensor.promise.set_error(std::current_exception());
    }
  }
}

/** One of the two vision encoders. */
class Encoder {
 public:
  using Encode = at::Tensor (Engine::*)(const at::Tensor&, const Cancellation&) const;

  /** `input`: shape of the uint8 pixels of one job. */
  Encoder(std::shared_ptr<const Engine> engine, const char* name, std::vector<std::int64_t> input, Encode encode)
      : engine_(std::move(engine)), name_(name), input_(std::move(input)), encode_(encode) {}

  void run(const Batch& batch) const noexcept {
    std::vector<at::Tensor> inputs;
    std::vector<TensorJob*> live;
    for (const auto& job : batch) {
      TensorJob& tensor = tensor_job(job);
      try {
        inputs.push_back(checked_input(tensor));
        live.push_back(&tensor);
      } catch (...) {
        tensor.promise.set_error(std::current_exception());
      }
    }
    if (!live.empty()) encode(inputs, live);
  }

 private:
  at::Tensor checked_input(const TensorJob& job) const {
    job.cancellation.check();
    const Tensor& pixels = job.inputs.front().get();
    expect_shape(name_, pixels, DataType::kUInt8, input_);
    return layers::to_aten(pixels).to(engine_->device());
  }

  void encode(const std::vector<at::Tensor>& inputs, const std::vector<TensorJob*>& live) const noexcept {
    try {
      const c10::InferenceMode inference;
      const Cancellation cancellation = common_cancellation(live, &TensorJob::cancellation);
      const at::Tensor features = layers::rethrow_libtorch_errors(
          name_, [&] { return ((*engine_).*encode_)(at::stack(inputs), cancellation).to(at::kFloat); });
      for (std::size_t i = 0; i < live.size(); ++i) {
        live[i]->promise.set_value(layers::from_aten(features.select(0, static_cast<std::int64_t>(i)).clone()));
      }
    } catch (...) {
      for (TensorJob* job : live) job->promise.set_error(std::current_exception());
    }
  }

  std::shared_ptr<const Engine> engine_;
  const char* name_;
  std::vector<std::int64_t> input_;
  Encode encode_;
};

Stage encoder_stage(Encoder encoder, const char* name, const StageOptions& options) {
  return make_stage(name, options, [encoder = std::move(encoder)](const Batch& batch) { encoder.run(batch); });
}

Tensor fuse(const Engine& engine, const Tensor& spatial, const Tensor& temporal) {
  const ModelConfig& config = engine.config();
  expect_shape("gvl/spatial-features", spatial, DataType::kFloat32, {config.spatial_tokens(), config.spatial_width()});
  expect_shape("gvl/temporal-features", temporal, DataType::kFloat32,
               {config.temporal_tokens_per_segment(), config.temporal_width()});
  const auto on_device = [&](const Tensor& tensor) { return layers::to_aten(tensor).to(engine.device()).unsqueeze(0); };
  return layers::from_aten(engine.fuse(on_device(spatial), on_device(temporal)).squeeze(0).to(at::kFloat));
}

Tensor concatenate(const Engine& engine, const std::vector<Future<Tensor>>& segments) {
  std::vector<at::Tensor> tokens;
  for (const Future<Tensor>& segment : segments) {
    expect_shape("gvl/segment-tokens", segment.get(), DataType::kFloat32,
                 {engine.config().tokens_per_segment(), engine.config().token_width()});
    tokens.push_back(layers::to_aten(segment.get()).to(engine.device()));
  }
  return layers::from_aten(at::cat(tokens));
}

void fail(AnswerJob& job, const std::exception_ptr& error) {
  for (Promise<Answer>& promise : job.promises) promise.set_error(error);
}

void deliver(QueryResult result, const std::vector<AnswerJob*>& jobs) {
  Promise<Answer>& promise = jobs[result.window]->promises[result.query];
  if (result.error) {
    promise.set_error(result.error);
  } else {
    promise.set_value(std::move(result.answer));
  }
}

/** Answers the windows of a batch together. */
void answer(const Engine& engine, const Batch& batch) noexcept {
  std::vector<AskedWindow> windows;
  std::vector<AnswerJob*> live;
  for (const auto& each : batch) {
    auto& job = static_cast<AnswerJob&>(*each);
    try {
      job.cancellation.check();
      windows.push_back({job.window.tokens.get(),
                         text::TimeScale(job.window.duration, job.window.boundaries).beginning_at(job.window.start),
                         job.queries, job.options, job.cancellation});
      live.push_back(&job);
    } catch (...) {
      fail(job, std::current_exception());
    }
  }
  try {
    const c10::InferenceMode inference;
    layers::rethrow_libtorch_errors(
        "answers", [&] { engine.answer(windows, [&](QueryResult result) { deliver(std::move(result), live); }); });
  } catch (...) {
    for (AnswerJob* job : live) fail(*job, std::current_exception());
  }
}

}  // namespace

AnswerJob::AnswerJob(VideoWindow window, std::vector<Query> queries, const GenerationOptions& options,
                     Cancellation cancellation)
    : window(std::move(window)),
      queries(std::move(queries)),
      options(options),
      cancellation(std::move(cancellation)),
      promises(this->queries.size()) {}

Stage spatial_stage(std::shared_ptr<const Engine> engine, const StageOptions& options) {
  const std::int64_t keyframes = engine->config().spatial.keyframes, size = engine->config().spatial.image_size;
  constexpr const char* kName = "spatial encoder";
  return encoder_stage({std::move(engine), kName, {keyframes, size, size, 3}, &Engine::encode_spatial}, kName, options);
}

Stage temporal_stage(std::shared_ptr<const Engine> engine, const StageOptions& options) {
  const std::int64_t frames = engine->config().frames_per_segment(), size = engine->config().temporal.image_size;
  constexpr const char* kName = "temporal encoder";
  return encoder_stage({std::move(engine), kName, {frames, size, size, 3}, &Engine::encode_temporal}, kName, options);
}

Stage fusion_stage(std::shared_ptr<const Engine> engine, const StageOptions& options) {
  return make_stage("fusion", options, [engine = std::move(engine)](const Batch& batch) {
    run_each("fusion", batch, [&](const auto& inputs) { return fuse(*engine, inputs[0].get(), inputs[1].get()); });
  });
}

Stage concatenation_stage(std::shared_ptr<const Engine> engine) {
  return make_stage("video tokens", {}, [engine = std::move(engine)](const Batch& batch) {
    run_each("video tokens", batch, [&](const auto& inputs) { return concatenate(*engine, inputs); });
  });
}

Stage answer_stage(std::shared_ptr<const Engine> engine, const StageOptions& options) {
  return make_stage("answers", options, [engine = std::move(engine)](const Batch& batch) { answer(*engine, batch); });
}

}  // namespace gvl::model
