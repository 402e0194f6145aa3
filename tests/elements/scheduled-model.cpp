/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scheduled-model.hpp"

#include <cstring>
#include <set>
#include <utility>

namespace gvl::test {

namespace {

std::size_t number_of(FakeModel::Job kind) { return static_cast<std::size_t>(kind); }

Tensor zeros(std::vector<std::int64_t> shape) {
  const Tensor empty(DataType::kFloat32, std::move(shape));
  auto data = allocate_tensor_data(empty.bytes());
  std::memset(data.get(), 0, empty.bytes());
  return {empty.type, empty.shape, std::move(data)};
}

void when_all_ready(std::vector<Future<Tensor>> inputs, std::function<void()> ready) {
  if (inputs.empty()) return ready();
  const Future<Tensor> last = inputs.back();
  inputs.pop_back();
  last.when_ready([inputs = std::move(inputs), ready = std::move(ready)] { when_all_ready(inputs, ready); });
}

}  // namespace

ScheduledModel::ScheduledModel(std::size_t max_batch) {
  config_.segments = 6;
  config_.frames = 24;
  for (const Job kind : {Job::kSpatial, Job::kTemporal, Job::kFuse, Job::kConcatenate, Job::kAnswer})
    add_stage(kind, max_batch);
}

ScheduledModel::~ScheduledModel() { run_freely(); }

void ScheduledModel::add_stage(Job kind, std::size_t max_batch) {
  stages_[number_of(kind)] = scheduler_.add_stage(
      {"fake", max_batch, {}, [this, kind](const runtime::Batch& batch) { run_batch(kind, batch); }});
}

void ScheduledModel::run_batch(Job kind, const runtime::Batch& batch) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return free_ || allowed_ > 0; });
    if (!free_) --allowed_;
    running_ = true;
    std::set<const void*> clients;
    for (const auto& job : batch) clients.insert(static_cast<Work&>(*job).cancellation.id());
    clients_[number_of(kind)].push_back(clients.size());
  }
  // What becomes ready by this is submitted before it returns.
  for (const auto& job : batch) static_cast<Work&>(*job).run();
  std::lock_guard lock(mutex_);
  running_ = false;
  waiting_ -= batch.size();
  changed_.notify_all();
}

void ScheduledModel::wait_arrived(Job job, std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return arrived_[number_of(job)] >= count; });
}

void ScheduledModel::run(std::size_t batches) {
  std::unique_lock lock(mutex_);
  allowed_ = batches;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !running_ && (allowed_ == 0 || waiting_ == 0); });
  allowed_ = 0;
}

void ScheduledModel::run_freely() {
  std::lock_guard lock(mutex_);
  free_ = true;
  changed_.notify_all();
}

std::vector<std::size_t> ScheduledModel::clients_of(Job job) {
  std::lock_guard lock(mutex_);
  return clients_[number_of(job)];
}

// ---- jobs -------------------------------------------------------------------------------------------------------

void ScheduledModel::submit(Job kind, std::vector<Future<Tensor>> inputs, Cancellation cancellation,
                            std::function<void()> run) {
  when_all_ready(std::move(inputs), [this, kind, cancellation = std::move(cancellation), run = std::move(run)] {
    auto work = std::make_shared<Work>();
    work->run = run;
    work->cancellation = cancellation;
    {
      std::lock_guard lock(mutex_);
      ++waiting_;
      ++arrived_[number_of(kind)];
    }
    scheduler_.submit(stages_[number_of(kind)], cancellation.id(), std::move(work), cancellation.priority());
    changed_.notify_all();
  });
}

Future<Tensor> ScheduledModel::compute(Job kind, std::vector<Future<Tensor>> inputs, Cancellation cancellation,
                                       std::vector<std::int64_t> shape) {
  auto promise = std::make_shared<Promise<Tensor>>();
  auto result = promise->future();
  submit(kind, std::move(inputs), std::move(cancellation),
         [promise, shape = std::move(shape)] { promise->set_value(zeros(shape)); });
  return result;
}

Future<Tensor> ScheduledModel::encode_spatial(Future<Tensor> pixels, Cancellation cancellation) {
  return compute(Job::kSpatial, {std::move(pixels)}, std::move(cancellation),
                 {config_.spatial_tokens(), config_.spatial_width()});
}

Future<Tensor> ScheduledModel::encode_temporal(Future<Tensor> pixels, Cancellation cancellation) {
  return compute(Job::kTemporal, {std::move(pixels)}, std::move(cancellation),
                 {config_.temporal_tokens_per_segment(), config_.temporal.hidden_size});
}

Future<Tensor> ScheduledModel::fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) {
  return compute(Job::kFuse, {std::move(spatial), std::move(temporal)}, std::move(cancellation),
                 {config_.tokens_per_segment(), config_.language.hidden_size});
}

Future<Tensor> ScheduledModel::concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) {
  const auto rows = static_cast<std::int64_t>(segments.size()) * config_.tokens_per_segment();
  return compute(Job::kConcatenate, std::move(segments), std::move(cancellation), {rows, config_.language.hidden_size});
}

std::vector<Future<Answer>> ScheduledModel::answer(VideoWindow window, std::vector<Query> queries,
                                                   const GenerationOptions&, Cancellation cancellation) {
  std::vector<Future<Answer>> answers;
  auto promises = std::make_shared<std::vector<Promise<Answer>>>(queries.size());
  for (const auto& promise : *promises) answers.push_back(promise.future());
  submit(Job::kAnswer, {window.tokens}, std::move(cancellation), [promises, queries, window] {
    for (std::size_t i = 0; i < queries.size(); ++i) (*promises)[i].set_value(quarter_to_half(queries[i], window));
  });
  return answers;
}

}  // namespace gvl::test
