/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/deadline.hpp"

Deadline::Deadline(GCancellable* parent) : parent_(parent), own_(parent), thread_([this] { run(); }) {}

Deadline::~Deadline() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Deadline::begin(std::chrono::milliseconds time) {
  {
    std::lock_guard lock(mutex_);
    at_ = Clock::now() + time;
    passed_ = false;
  }
  changed_.notify_all();
}

bool Deadline::has_passed() {
  std::lock_guard lock(mutex_);
  return passed_;
}

bool Deadline::end() {
  std::lock_guard lock(mutex_);
  at_.reset();
  if (!passed_) return false;
  g_cancellable_reset(own_.get());
  // The parent may have been cancelled just before.
  if (g_cancellable_is_cancelled(parent_)) g_cancellable_cancel(own_.get());
  return true;
}

void Deadline::run() {
  std::unique_lock lock(mutex_);
  while (!closed_) {
    if (!at_) {
      changed_.wait(lock);
    } else if (Clock::now() < *at_) {
      changed_.wait_until(lock, *at_);
    } else {
      at_.reset();
      passed_ = true;
      g_cancellable_cancel(own_.get());
    }
  }
}
