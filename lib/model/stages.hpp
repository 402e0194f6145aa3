/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/future.hpp"
#include "gvl/model.hpp"
#include "gvl/task.hpp"
#include "gvl/tensor.hpp"
#include "model/engine.hpp"
#include "runtime/scheduler.hpp"

namespace gvl::model {

/** Makes one tensor of others. */
struct TensorJob : runtime::Job {
  TensorJob(std::vector<Future<Tensor>> inputs, Cancellation cancellation)
      : inputs(std::move(inputs)), cancellation(std::move(cancellation)) {}

  std::vector<Future<Tensor>> inputs;
  Cancellation cancellation;
  Promise<Tensor> promise;
};

/** Answers a window's queries. */
struct AnswerJob : runtime::Job {
  AnswerJob(VideoWindow window, std::vector<Query> queries, const GenerationOptions& options,
            Cancellation cancellation);

  VideoWindow window;
  std::vector<Query> queries;
  GenerationOptions options;
  Cancellation cancellation;
  std::vector<Promise<Answer>> promises;  // one a query
};

// What a model's work consists of. A stage keeps the engine, which so outlives the model's last holder while a job
// runs. The first four take TensorJobs, the last one AnswerJobs.

/** Pixels of a segment's keyframes -> their features. */
runtime::Stage spatial_stage(std::shared_ptr<const Engine> engine, const StageOptions& options);
/** Pixels of a segment -> its features. */
runtime::Stage temporal_stage(std::shared_ptr<const Engine> engine, const StageOptions& options);
/** Spatial and temporal features of a segment -> its tokens. */
runtime::Stage fusion_stage(std::shared_ptr<const Engine> engine, const StageOptions& options);
/** Segments' tokens -> a window's. */
runtime::Stage concatenation_stage(std::shared_ptr<const Engine> engine);
/** A window's tokens and queries -> answers. */
runtime::Stage answer_stage(std::shared_ptr<const Engine> engine, const StageOptions& options);

}  // namespace gvl::model
