/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/deadline.hpp"

Deadline::Deadline(GCancellable* followed, std::chrono::seconds time)
    : stop_(followed), thread_([this, end = std::chrono::steady_clock::now() + time] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_until(lock, end, [this] { return is_lifted_; })) return;
        is_over_ = true;
        g_cancellable_cancel(stop_.get());
      }) {}

Deadline::~Deadline() {
  lift();
  thread_.join();
}

void Deadline::lift() {
  std::lock_guard lock(mutex_);
  is_lifted_ = true;
  changed_.notify_one();
}
