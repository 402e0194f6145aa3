/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "net/follower.hpp"

/** Ends what is under way when its time is over, by a thread of its own, or when somebody ends the program. */
class Deadline {
 public:
  Deadline(GCancellable* followed, std::chrono::seconds time);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /** For what is to be ended. */
  GCancellable* cancellable() const { return stop_.get(); }
  /** Whether it was ended because its time is over. */
  bool is_over() const { return is_over_; }
  /** From now on it may take as long as it likes. */
  void lift();

 private:
  Follower stop_;
  std::atomic<bool> is_over_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_lifted_ = false;
  std::thread thread_;  // the last member: it uses the others
};
