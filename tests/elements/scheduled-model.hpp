/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "fake-model.hpp"
#include "runtime/scheduler.hpp"

namespace gvl::test {

/**
 * A model for several streams, whose jobs the engine's own scheduler puts in turn: slow, as it runs so many batches as
 * the test allows. Answers are those of FakeModel; tensors are zeros.
 */
class ScheduledModel : public Model {
 public:
  using Job = FakeModel::Job;

  /** `max_batch`: of every stage. */
  explicit ScheduledModel(std::size_t max_batch = 1);
  ~ScheduledModel() override;

  /** Waits until so many jobs of this kind had their inputs. */
  void wait_arrived(Job job, std::size_t count);

  /** Lets so many batches run, or as many as there is work for, and waits for them and all that follows from them. */
  void run(std::size_t batches);

  /** From now on nothing waits. */
  void run_freely();

  /** Of each batch of this kind, how many different streams' elements its jobs were of. */
  std::vector<std::size_t> clients_of(Job job);

  const ModelConfig& config() const noexcept override { return config_; }
  const std::string& device() const noexcept override { return device_; }
  Future<Tensor> encode_spatial(Future<Tensor> pixels, Cancellation cancellation) override;
  Future<Tensor> encode_temporal(Future<Tensor> pixels, Cancellation cancellation) override;
  Future<Tensor> fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) override;
  Future<Tensor> concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) override;
  std::vector<Future<Answer>> answer(VideoWindow window, std::vector<Query> queries, const GenerationOptions& options,
                                     Cancellation cancellation) override;

 private:
  static constexpr std::size_t kKinds = 5;

  struct Work : runtime::Job {
    std::function<void()> run;
    Cancellation cancellation;
  };

  void add_stage(Job kind, std::size_t max_batch);
  void run_batch(Job kind, const runtime::Batch& batch);
  void submit(Job kind, std::vector<Future<Tensor>> inputs, Cancellation cancellation, std::function<void()> run);
  Future<Tensor> compute(Job kind, std::vector<Future<Tensor>> inputs, Cancellation cancellation,
                         std::vector<std::int64_t> shape);

  ModelConfig config_ = fake_model_config();
  std::string device_ = "fake";
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::array<std::size_t, kKinds> arrived_{};
  std::array<std::vector<std::size_t>, kKinds> clients_;
  std::size_t allowed_ = 0;  // batches
  std::size_t waiting_ = 0;  // jobs, those that run as well
  bool running_ = false;
  bool free_ = false;
  std::array<runtime::Scheduler::StageId, kKinds> stages_{};
  runtime::Scheduler scheduler_{[] {}};  // last: its thread ends before the rest goes
};

}  // namespace gvl::test
