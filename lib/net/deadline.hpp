/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "net/follower.hpp"

/**
 * Cancels what takes too long, from a thread of its own: libsoup's time-out begins anew with each byte that comes, and
 * a server may send one now and then for ever.
 */
class Deadline {
 public:
  /** `parent`, which outlives it, cancels as well. */
  explicit Deadline(GCancellable* parent);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /** What begin() cancels later, and the parent at any time. */
  GCancellable* cancellable() const { return own_.get(); }

  /** From one thread: what follows has so long. */
  void begin(std::chrono::milliseconds time);
  /** Whether it has taken too long. */
  bool has_passed();
  /** It is over, or may take as long as it likes from now on. Returns whether it took too long. */
  bool end();

 private:
  using Clock = std::chrono::steady_clock;

  void run();

  GCancellable* parent_;
  Follower own_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<Clock::time_point> at_;
  bool passed_ = false;
  bool closed_ = false;
  std::thread thread_;
};
