/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runtime/scheduler.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kLongestWait{1};

// So many batches in a row may pass over who has waited longest.
constexpr int kMostPassedOver = 3;

struct Waiting {
  Scheduler::StageId stage;
  std::shared_ptr<Job> job;
  Clock::time_point since;
};

/** The jobs of one client, oldest first. */
struct Client {
  ClientId id;
  int priority = 0;
  std::deque<Waiting> jobs;
  std::size_t taken = 0;  // by the batch that is being filled
};

using Clients = std::list<Client>;

/** The client that a batch begins with, and of which stage it is. */
struct Turn {
  Clients::iterator client;
  Scheduler::StageId stage;
};

// Streaming threads come first: a late frame is seen, a late answer hardly. Threads that LibTorch starts from here
// inherit this. Where it is not allowed nothing is lost but that precedence.
void lower_priority() {
  constexpr int kNice = 5;
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
}

}  // namespace

struct Scheduler::Queue {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Stage> stages;  // a stage stays where it is once it was added
  Clients clients;           // those with jobs, who has waited longest first
  bool stopping = false;
  std::thread thread;

  void run();
  /** The next batch and its stage, or none once the scheduler stops. */
  const Stage* next(Batch& batch);

 private:
  /** When the stage's jobs begin even if they do not fill a batch; none when it has no jobs. */
  std::optional<Clock::time_point> deadline(StageId stage) const;
  /** Whose turn it is, or none and when there will be one. */
  std::optional<Turn> due(Clock::time_point now, std::optional<Clock::time_point>& next_due);
  std::optional<Turn> turn_among(const std::vector<bool>& due_stages);
  void fill(Turn turn, Batch& batch);
  Clients::iterator next_to_give(StageId stage);
  void take(Clients::iterator client, StageId stage, Batch& batch);

  int passed_over_ = 0;  // batches in a row that did not begin with who had waited longest
};

void Scheduler::Queue::run() {
  Batch batch;
  while (const Stage* stage = next(batch)) {
    stage->run(batch);
    // What its jobs hold must not outlive them until the next job comes.
    batch.clear();
  }
}

const Stage* Scheduler::Queue::next(Batch& batch) {
  std::unique_lock lock(mutex);
  while (!stopping) {
    std::optional<Clock::time_point> next_due;
    if (const auto turn = due(Clock::now(), next_due)) {
      fill(*turn, batch);
      return &stages[turn->stage];
    }
    if (next_due) {
      changed.wait_until(lock, *next_due);
    } else {
      changed.wait(lock);
    }
  }
  return nullptr;
}

std::optional<Clock::time_point> Scheduler::Queue::deadline(StageId stage) const {
  std::size_t count = 0;
  std::optional<Clock::time_point> oldest;
  for (const Client& client : clients) {
    for (const Waiting& waiting : client.jobs) {
      if (waiting.stage != stage) continue;
      ++count;
      if (!oldest || waiting.since < *oldest) oldest = waiting.since;
    }
  }
  if (!oldest || count >= stages[stage].max_batch) return oldest;
  return *oldest + stages[stage].max_wait;
}

std::optional<Turn> Scheduler::Queue::due(Clock::time_point now, std::optional<Clock::time_point>& next_due) {
  std::vector<bool> is_due(stages.size());
  for (StageId stage = 0; stage < stages.size(); ++stage) {
    const auto begins = deadline(stage);
    if (!begins) continue;
    is_due[stage] = *begins <= now;
    if (!next_due || *begins < *next_due) next_due = begins;
  }
  return turn_among(is_due);
}

std::optional<Turn> Scheduler::Queue::turn_among(const std::vector<bool>& due_stages) {
  std::optional<Turn> longest, highest;
  for (auto client = clients.begin(); client != clients.end(); ++client) {
    const auto job = std::find_if(client->jobs.begin(), client->jobs.end(),
                                  [&](const Waiting& waiting) { return due_stages[waiting.stage]; });
    if (job == client->jobs.end()) continue;
    if (!longest) longest = {client, job->stage};
    if (!highest || client->priority > highest->client->priority) highest = {client, job->stage};
  }
  if (!longest) return std::nullopt;
  const bool passes_over = highest->client != longest->client && passed_over_ < kMostPassedOver;
  passed_over_ = passes_over ? passed_over_ + 1 : 0;
  return passes_over ? highest : longest;
}

Clients::iterator Scheduler::Queue::next_to_give(StageId stage) {
  auto next = clients.end();
  for (auto client = clients.begin(); client != clients.end(); ++client) {
    if (std::none_of(client->jobs.begin(), client->jobs.end(),
                     [stage](const Waiting& waiting) { return waiting.stage == stage; }))
      continue;
    const auto order = [](const Client& each) { return std::pair(each.taken, -std::int64_t{each.priority}); };
    if (next == clients.end() || order(*client) < order(*next)) next = client;
  }
  return next;
}

void Scheduler::Queue::fill(Turn turn, Batch& batch) {
  for (Client& client : clients) client.taken = 0;
  take(turn.client, turn.stage, batch);
  while (batch.size() < stages[turn.stage].max_batch) {
    const auto client = next_to_give(turn.stage);
    if (client == clients.end()) return;
    take(client, turn.stage, batch);
  }
}

// The client goes behind all others.
void Scheduler::Queue::take(Clients::iterator client, StageId stage, Batch& batch) {
  const auto job = std::find_if(client->jobs.begin(), client->jobs.end(),
                                [stage](const Waiting& waiting) { return waiting.stage == stage; });
  batch.push_back(std::move(job->job));
  client->jobs.erase(job);
  ++client->taken;
  if (client->jobs.empty()) {
    clients.erase(client);
  } else {
    clients.splice(clients.end(), clients, client);
  }
}

Scheduler::Scheduler(std::function<void()> prepare) : queue_(std::make_shared<Queue>()) {
  std::promise<void> prepared;
  const std::future<void> ready = prepared.get_future();
  queue_->thread =
      std::thread([queue = queue_, prepare = std::move(prepare), prepared = std::move(prepared)]() mutable {
        pthread_setname_np(pthread_self(), "gvl-scheduler");
        lower_priority();
        prepare();
        prepared.set_value();
        queue->run();
      });
  // A process that ends just now must not meet a library that is about to begin.
  ready.wait();
}

Scheduler::~Scheduler() {
  Clients dropped;
  {
    std::lock_guard lock(queue_->mutex);
    queue_->stopping = true;
    dropped.swap(queue_->clients);
  }
  queue_->changed.notify_all();
  if (queue_->thread.get_id() == std::this_thread::get_id()) {
    queue_->thread.detach();
  } else {
    queue_->thread.join();
  }
}

Scheduler::StageId Scheduler::add_stage(Stage stage) {
  if (stage.max_batch < 1 || stage.max_wait < stage.max_wait.zero() || stage.max_wait > kLongestWait) {
    throw Error(ErrorCode::kInvalidArgument,
                stage.name + ": a batch has at least one job, which waits for at most a minute");
  }
  std::lock_guard lock(queue_->mutex);
  queue_->stages.push_back(std::move(stage));
  return queue_->stages.size() - 1;
}

void Scheduler::submit(StageId stage, ClientId id, std::shared_ptr<Job> job, int priority) {
  {
    std::lock_guard lock(queue_->mutex);
    if (queue_->stopping) return;
    auto& clients = queue_->clients;
    auto client = std::find_if(clients.begin(), clients.end(), [id](const Client& other) { return other.id == id; });
    if (client == clients.end()) client = clients.insert(clients.end(), {.id = id});
    client->priority = priority;
    client->jobs.push_back({stage, std::move(job), Clock::now()});
  }
  queue_->changed.notify_all();
}

}  // namespace gvl::runtime
