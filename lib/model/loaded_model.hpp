/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gvl/model.hpp"
#include "model/engine.hpp"
#include "runtime/scheduler.hpp"

namespace gvl::model {

/** A folder's engine behind Model's interface: every call becomes a job of one of the scheduler's stages. */
class LoadedModel : public Model {
 public:
  /** Throws Error naming the file at fault, and Error(kCancelled). */
  LoadedModel(const std::filesystem::path& folder, c10::Device device, const ModelOptions& options,
              Cancellation cancellation);

  std::string folder() const override { return folder_; }
  const ModelConfig& config() const noexcept override { return engine_->config(); }
  const std::string& device() const noexcept override { return device_; }
  std::vector<std::string> unknown_words(const Query& query) const override;

  Future<Tensor> encode_spatial(Future<Tensor> pixels, Cancellation cancellation) override;
  Future<Tensor> encode_temporal(Future<Tensor> pixels, Cancellation cancellation) override;
  Future<Tensor> fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) override;
  Future<Tensor> concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) override;
  std::vector<Future<Answer>> answer(VideoWindow window, std::vector<Query> queries, const GenerationOptions& options,
                                     Cancellation cancellation) override;

  /** Where its jobs run: a stage of another's can hold them. */
  runtime::Scheduler& scheduler() noexcept { return *scheduler_; }

 private:
  using StageId = runtime::Scheduler::StageId;

  Future<Tensor> compute(StageId stage, std::vector<Future<Tensor>> inputs, Cancellation cancellation);
  void submit_when_ready(std::vector<Future<Tensor>> inputs, StageId stage, const Cancellation& cancellation,
                         std::shared_ptr<runtime::Job> job);

  std::string folder_;
  std::shared_ptr<const Engine> engine_;
  std::string device_;
  std::shared_ptr<runtime::Scheduler> scheduler_;
  StageId spatial_, temporal_, fusion_, concatenation_, answer_;
};

}  // namespace gvl::model
