/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-model.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>

namespace gvl::test {

namespace {

Tensor filled(std::vector<std::int64_t> shape, float value) {
  const Tensor empty(DataType::kFloat32, std::move(shape));
  auto data = allocate_tensor_data(empty.bytes());
  std::fill_n(reinterpret_cast<float*>(data.get()), empty.elements(), value);
  return {empty.type, empty.shape, std::move(data)};
}

float mean_of(const Tensor& pixels) {
  const auto* begin = pixels.as<std::uint8_t>();
  const double sum = std::accumulate(begin, begin + pixels.elements(), 0.0);
  return static_cast<float>(sum / static_cast<double>(pixels.elements()));
}

}  // namespace

Answer quarter_to_half(const Query& query, const VideoWindow& window) {
  const double duration = window.duration;
  Answer answer;
  answer.query = query;
  answer.text = "From <75> to <150>.";
  answer.text_seconds = "From a quarter to a half.";
  answer.intervals = {{duration / 4, duration / 2, 0.5, ""}};
  answer.confidence = 0.25;
  return answer;
}

ModelConfig fake_model_config() {
  ModelConfig config;
  config.frames = 8;
  config.segments = 2;
  config.spatial.image_size = 16;
  config.spatial.patch_size = 8;
  config.spatial.hidden_size = 2;
  config.temporal.image_size = 8;
  config.temporal.patch_size = 4;
  config.temporal.hidden_size = 3;
  config.temporal_grid = 1;
  config.language.hidden_size = 5;
  return config;
}

FakeModel::FakeModel(ModelConfig config)
    : config_(std::move(config)), make_answer_(quarter_to_half), thread_([this] { loop(); }) {}

FakeModel::~FakeModel() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void FakeModel::hold(Job job) {
  std::lock_guard lock(mutex_);
  held_.insert(job);
}

void FakeModel::release(Job job) {
  std::lock_guard lock(mutex_);
  held_.erase(job);
  changed_.notify_all();
}

void FakeModel::fail(Job job, ErrorCode code, const std::string& message) {
  std::lock_guard lock(mutex_);
  failures_[job] = std::make_exception_ptr(Error(code, message));
}

void FakeModel::wait_submitted(Job job, std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return submitted_[job] >= count; });
}

void FakeModel::wait_done(Job job, std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_[job] >= count; });
}

std::size_t FakeModel::submitted(Job job) {
  std::lock_guard lock(mutex_);
  return submitted_[job];
}

std::size_t FakeModel::done(Job job) {
  std::lock_guard lock(mutex_);
  return done_[job];
}

std::size_t FakeModel::cancelled(Job job) {
  std::lock_guard lock(mutex_);
  return cancelled_[job];
}

std::size_t FakeModel::most_at_a_time(Job job) {
  std::lock_guard lock(mutex_);
  return most_[job];
}

void FakeModel::answer_with(std::function<Answer(const Query&, double)> make) {
  answer_windows_with(
      [make = std::move(make)](const Query& query, const VideoWindow& window) { return make(query, window.duration); });
}

void FakeModel::answer_windows_with(std::function<Answer(const Query&, const VideoWindow&)> make) {
  std::lock_guard lock(mutex_);
  make_answer_ = std::move(make);
}

std::vector<FakeModel::Asked> FakeModel::asked() {
  std::lock_guard lock(mutex_);
  return asked_;
}

Future<Tensor> FakeModel::encode_spatial(Future<Tensor> pixels, Cancellation cancellation) {
  return submit<Tensor>(Job::kSpatial, {std::move(pixels)}, std::move(cancellation),
                        [this](const std::vector<Tensor>& in) {
                          return filled({config_.spatial_tokens(), config_.spatial_width()}, mean_of(in[0]));
                        });
}

Future<Tensor> FakeModel::encode_temporal(Future<Tensor> pixels, Cancellation cancellation) {
  return submit<Tensor>(
      Job::kTemporal, {std::move(pixels)}, std::move(cancellation), [this](const std::vector<Tensor>& in) {
        return filled({config_.temporal_tokens_per_segment(), config_.temporal.hidden_size}, mean_of(in[0]));
      });
}

Future<Tensor> FakeModel::fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) {
  return submit<Tensor>(
      Job::kFuse, {std::move(spatial), std::move(temporal)}, std::move(cancellation),
      [this](const std::vector<Tensor>& in) {
        return filled({config_.tokens_per_segment(), config_.language.hidden_size}, in[0].as<float>()[0]);
      });
}

Future<Tensor> FakeModel::concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) {
  return submit<Tensor>(Job::kConcatenate, std::move(segments), std::move(cancellation),
                        [this](const std::vector<Tensor>& in) {
                          const auto rows = static_cast<std::int64_t>(in.size()) * config_.tokens_per_segment();
                          const Tensor all(DataType::kFloat32, {rows, config_.language.hidden_size});
                          auto data = allocate_tensor_data(all.bytes());
                          std::size_t offset = 0;
                          for (const auto& segment : in) {
                            std::memcpy(data.get() + offset, segment.map(), segment.bytes());
                            offset += segment.bytes();
                          }
                          return Tensor(all.type, all.shape, std::move(data));
                        });
}

std::vector<Future<Answer>> FakeModel::answer(VideoWindow window, std::vector<Query> queries,
                                              const GenerationOptions& options, Cancellation cancellation) {
  const auto number = std::make_shared<std::size_t>();
  {
    std::lock_guard lock(mutex_);
    *number = asked_.size();
    asked_.push_back({queries, options, window.duration, {}, window.boundaries, window.start});
  }
  std::vector<Future<Answer>> answers;
  for (const auto& query : queries)
    answers.push_back(submit<Answer>(
        Job::kAnswer, {window.tokens}, cancellation, [this, query, number, window](const std::vector<Tensor>& in) {
          const auto per_segment = config_.tokens_per_segment() * config_.language.hidden_size;
          std::lock_guard lock(mutex_);
          asked_[*number].segments.clear();
          for (std::int64_t i = 0; i < in[0].elements(); i += per_segment)
            asked_[*number].segments.push_back(in[0].as<float>()[i]);
          return make_answer_(query, window);
        }));
  return answers;
}

template <typename T>
Future<T> FakeModel::submit(Job job, std::vector<Future<Tensor>> inputs, Cancellation cancellation,
                            std::function<T(const std::vector<Tensor>&)> compute) {
  auto promise = std::make_shared<Promise<T>>();
  const auto future = promise->future();
  Pending pending;
  pending.job = job;
  pending.cancellation = std::move(cancellation);
  pending.ready = [inputs] {
    return std::all_of(inputs.begin(), inputs.end(), [](const Future<Tensor>& input) { return input.ready(); });
  };
  pending.run = [inputs, promise, compute = std::move(compute)] {
    std::vector<Tensor> values;
    for (const auto& input : inputs) values.push_back(input.get());
    promise->set_value(compute(values));
  };
  pending.fail = [promise](std::exception_ptr error) { promise->set_error(error); };
  std::lock_guard lock(mutex_);
  pending_.push_back(std::move(pending));
  ++submitted_[job];
  most_[job] = std::max(most_[job], submitted_[job] - begun_[job]);
  changed_.notify_all();
  return future;
}

std::optional<FakeModel::Pending> FakeModel::next(bool* was_cancelled) {
  for (auto job = pending_.begin(); job != pending_.end(); ++job) {
    *was_cancelled = job->cancellation.cancelled();
    if (!*was_cancelled && (held_.count(job->job) || !job->ready())) continue;
    auto found = std::move(*job);
    ++begun_[found.job];
    pending_.erase(job);
    return found;
  }
  return std::nullopt;
}

void FakeModel::execute(Pending& job, bool was_cancelled) {
  try {
    if (was_cancelled) throw Error(ErrorCode::kCancelled, "cancelled");
    std::exception_ptr failure;
    {
      std::lock_guard lock(mutex_);
      if (const auto found = failures_.find(job.job); found != failures_.end()) failure = found->second;
    }
    if (failure) std::rethrow_exception(failure);
    job.run();
  } catch (...) {
    job.fail(std::current_exception());
  }
}

void FakeModel::loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    bool was_cancelled = false;
    auto job = next(&was_cancelled);
    if (!job) {
      // Inputs become ready, and work is cancelled, without a word to us.
      changed_.wait_for(lock, std::chrono::milliseconds(2));
      continue;
    }
    lock.unlock();
    execute(*job, was_cancelled);
    lock.lock();
    ++done_[job->job];
    if (was_cancelled) ++cancelled_[job->job];
    changed_.notify_all();
  }
}

}  // namespace gvl::test
