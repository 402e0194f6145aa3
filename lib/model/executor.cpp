#include "model/executor.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace gvl::model {

struct Executor::Queue {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Job>> jobs;
  bool stopping = false;
  std::thread thread;

  /** The next job with all that it absorbed, or none once the executor stops. */
  std::shared_ptr<Job> next() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stopping || !jobs.empty(); });
    if (stopping) return nullptr;
    std::shared_ptr<Job> job = std::move(jobs.front());
    jobs.pop_front();
    std::erase_if(jobs, [&](const std::shared_ptr<Job>& other) { return job->absorb(*other); });
    return job;
  }
};

namespace {

// Streaming threads come first: a late frame is seen, a late answer hardly. Threads that LibTorch starts from here
// inherit this. Where it is not allowed nothing is lost but that precedence.
void lower_priority() {
  constexpr int kNice = 5;
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
}

}  // namespace

Executor::Executor(std::function<void()> prepare) : queue_(std::make_shared<Queue>()) {
  queue_->thread = std::thread([queue = queue_, prepare = std::move(prepare)] {
    pthread_setname_np(pthread_self(), "gvl-executor");
    lower_priority();
    prepare();
    while (const std::shared_ptr<Job> job = queue->next()) job->run();
  });
}

Executor::~Executor() {
  std::deque<std::shared_ptr<Job>> dropped;
  {
    std::lock_guard lock(queue_->mutex);
    queue_->stopping = true;
    dropped.swap(queue_->jobs);
  }
  queue_->changed.notify_all();
  if (queue_->thread.get_id() == std::this_thread::get_id()) {
    queue_->thread.detach();
  } else {
    queue_->thread.join();
  }
}

void Executor::submit(std::shared_ptr<Job> job) {
  {
    std::lock_guard lock(queue_->mutex);
    if (queue_->stopping) return;
    queue_->jobs.push_back(std::move(job));
  }
  queue_->changed.notify_all();
}

}  // namespace gvl::model
