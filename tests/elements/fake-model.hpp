/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "gvl/model.hpp"

namespace gvl::test {

/** Small sizes: T = 8, K = 2, n = 4, S = 16, S' = 8. */
ModelConfig fake_model_config();

/** What it answers by default: one interval, a quarter to a half of the window. */
Answer quarter_to_half(const Query& query, const VideoWindow& window);

/**
 * A model whose jobs the test controls: each kind can be held, let go, and made to fail. Jobs run on one thread, in
 * the order in which their inputs are ready. What they compute is the mean of what they are given, so that a frame
 * filled with one value can be recognised at the end.
 */
class FakeModel : public Model {
 public:
  enum class Job { kSpatial, kTemporal, kFuse, kConcatenate, kAnswer };

  explicit FakeModel(ModelConfig config = fake_model_config());
  ~FakeModel() override;

  /** Jobs of this kind do not begin until release(). */
  void hold(Job job);
  void release(Job job);

  /** Jobs of this kind that begin from now on fail. */
  void fail(Job job, ErrorCode code, const std::string& message);

  /** Waits until so many jobs of this kind were submitted, or are done (also by failing). */
  void wait_submitted(Job job, std::size_t count);
  void wait_done(Job job, std::size_t count);
  std::size_t submitted(Job job);
  std::size_t done(Job job);
  std::size_t cancelled(Job job);

  /** The most jobs of this kind that were submitted and had not begun at a time. */
  std::size_t most_at_a_time(Job job);

  /** What answers say; by default quarter_to_half(). */
  void answer_with(std::function<Answer(const Query&, double duration)> make);
  void answer_windows_with(std::function<Answer(const Query&, const VideoWindow&)> make);

  /** The queries and options of each call of answer(), and the tokens' first value per segment. */
  struct Asked {
    std::vector<Query> queries;
    GenerationOptions options;
    double duration;
    std::vector<float> segments;
    std::vector<double> boundaries = {};  ///< as in VideoWindow, like the next
    double start = 0;
  };
  std::vector<Asked> asked();

  const ModelConfig& config() const noexcept override { return config_; }
  const std::string& device() const noexcept override { return device_; }
  Future<Tensor> encode_spatial(Future<Tensor> pixels, Cancellation cancellation) override;
  Future<Tensor> encode_temporal(Future<Tensor> pixels, Cancellation cancellation) override;
  Future<Tensor> fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) override;
  Future<Tensor> concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) override;
  std::vector<Future<Answer>> answer(VideoWindow window, std::vector<Query> queries, const GenerationOptions& options,
                                     Cancellation cancellation) override;

 private:
  struct Pending {
    Job job;
    std::function<bool()> ready;
    std::function<void()> run;  // may throw
    std::function<void(std::exception_ptr)> fail;
    Cancellation cancellation;
  };

  template <typename T>
  Future<T> submit(Job job, std::vector<Future<Tensor>> inputs, Cancellation cancellation,
                   std::function<T(const std::vector<Tensor>&)> compute);
  void loop();
  std::optional<Pending> next(bool* was_cancelled);
  void execute(Pending& job, bool was_cancelled);

  ModelConfig config_;
  std::string device_ = "fake";
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Pending> pending_;
  std::set<Job> held_;
  std::map<Job, std::exception_ptr> failures_;
  std::map<Job, std::size_t> submitted_, begun_, done_, cancelled_, most_;
  std::function<Answer(const Query&, const VideoWindow&)> make_answer_;
  std::vector<Asked> asked_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gvl::test
