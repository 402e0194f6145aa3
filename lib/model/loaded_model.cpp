/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/loaded_model.hpp"

#include <functional>
#include <utility>

#include "layers/libtorch_errors.hpp"
#include "model/stages.hpp"
#include "ops/ops.hpp"

namespace gvl::model {
namespace {

/** Calls `ready` once all inputs are there, or here and now if they are already. */
void when_all_ready(std::vector<Future<Tensor>> inputs, std::function<void()> ready) {
  if (inputs.empty()) return ready();
  const Future<Tensor> last = inputs.back();
  inputs.pop_back();
  last.when_ready([inputs = std::move(inputs), ready = std::move(ready)]() mutable {
    when_all_ready(std::move(inputs), std::move(ready));
  });
}

}  // namespace

LoadedModel::LoadedModel(const std::filesystem::path& folder, c10::Device device, const ModelOptions& options,
                         Cancellation cancellation)
    : folder_(folder.string()),
      engine_(layers::rethrow_libtorch_errors(
          folder.string(), [&] { return load_engine(folder, device, options.cache_type, std::move(cancellation)); })),
      device_(device.str()),
      scheduler_(std::make_shared<runtime::Scheduler>([threads = options.threads] { ops::set_threads(threads); })),
      spatial_(scheduler_->add_stage(spatial_stage(engine_, options.spatial))),
      temporal_(scheduler_->add_stage(temporal_stage(engine_, options.temporal))),
      fusion_(scheduler_->add_stage(fusion_stage(engine_, options.fusion))),
      concatenation_(scheduler_->add_stage(concatenation_stage(engine_))),
      answer_(scheduler_->add_stage(answer_stage(engine_, options.answer))) {}

std::vector<std::string> LoadedModel::unknown_words(const Query& query) const { return engine_->unknown_words(query); }

Future<Tensor> LoadedModel::encode_spatial(Future<Tensor> pixels, Cancellation cancellation) {
  return compute(spatial_, {std::move(pixels)}, std::move(cancellation));
}

Future<Tensor> LoadedModel::encode_temporal(Future<Tensor> pixels, Cancellation cancellation) {
  return compute(temporal_, {std::move(pixels)}, std::move(cancellation));
}

Future<Tensor> LoadedModel::fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) {
  return compute(fusion_, {std::move(spatial), std::move(temporal)}, std::move(cancellation));
}

Future<Tensor> LoadedModel::concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) {
  return compute(concatenation_, std::move(segments), std::move(cancellation));
}

std::vector<Future<Answer>> LoadedModel::answer(VideoWindow window, std::vector<Query> queries,
                                                const GenerationOptions& options, Cancellation cancellation) {
  const Future<Tensor> tokens = window.tokens;
  auto job = std::make_shared<AnswerJob>(std::move(window), std::move(queries), options, cancellation);
  std::vector<Future<Answer>> answers;
  for (const Promise<Answer>& promise : job->promises) answers.push_back(promise.future());
  submit_when_ready({tokens}, answer_, cancellation, std::move(job));
  return answers;
}

Future<Tensor> LoadedModel::compute(StageId stage, std::vector<Future<Tensor>> inputs, Cancellation cancellation) {
  auto job = std::make_shared<TensorJob>(inputs, cancellation);
  Future<Tensor> result = job->promise.future();
  submit_when_ready(std::move(inputs), stage, cancellation, std::move(job));
  return result;
}

void LoadedModel::submit_when_ready(std::vector<Future<Tensor>> inputs, StageId stage, const Cancellation& cancellation,
                                    std::shared_ptr<runtime::Job> job) {
  // The continuation must not keep the scheduler: it may be dropped on the scheduler's own thread.
  when_all_ready(std::move(inputs),
                 [scheduler = std::weak_ptr(scheduler_), stage, cancellation, job = std::move(job)]() mutable {
                   if (const auto alive = scheduler.lock())
                     alive->submit(stage, cancellation.id(), std::move(job), cancellation.priority());
                 });
}

}  // namespace gvl::model
