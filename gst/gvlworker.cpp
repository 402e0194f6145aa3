/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlworker.hpp"

#include <pthread.h>

#include "gvlguard.hpp"

namespace gvl::gst {

Worker::Worker(const std::string& name) : thread_([this] { run(); }) {
  // Linux allows 15 characters.
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

Worker::~Worker() {
  std::deque<std::function<void()>> dropped;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(jobs_);
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::post(std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

std::size_t Worker::pending() const {
  std::lock_guard lock(mutex_);
  return count();
}

void Worker::wait_below(std::size_t jobs) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || count() < jobs; });
}

void Worker::run() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
      running_ = true;
    }
    guard(nullptr, "running a job", job);
    job = nullptr;  // what it holds goes before it counts as done
    {
      std::lock_guard lock(mutex_);
      running_ = false;
    }
    changed_.notify_all();
  }
}

}  // namespace gvl::gst
