/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace gvl {

/**
 * Hands values from some threads to others, in order, until it is closed. Where somebody
 * waits for what was taken (pending(), wait_below()), whoever takes a value says when it is done with it. All members
 * are thread safe.
 */
template <typename T>
class Queue {
 public:
  /** Drops the value, and returns false, once closed. */
  bool push(T value) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return false;
      waiting_.push_back(std::move(value));
    }
    changed_.notify_all();
    return true;
  }

  /** The first value, in hand until done(); waits for one. None once closed. */
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (closed_) return std::nullopt;
    std::optional<T> value(std::move(waiting_.front()));
    waiting_.pop_front();
    ++in_hand_;
    return value;
  }

  /** A value that was taken needs nobody's waiting any more. */
  void done() {
    {
      std::lock_guard lock(mutex_);
      --in_hand_;
    }
    changed_.notify_all();
  }

  /** How many values wait or are in hand. */
  std::size_t pending() const {
    std::lock_guard lock(mutex_);
    return waiting_.size() + in_hand_;
  }

  /** Waits until fewer than `values`, which is positive, are pending; false once closed. */
  bool wait_below(std::size_t values) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || waiting_.size() + in_hand_ < values; });
    return !closed_;
  }

  /** Drops what waits; nobody waits any more. */
  void close() {
    std::deque<T> dropped;  // destroyed without the lock: a value may use this queue
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      dropped.swap(waiting_);
    }
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<T> waiting_;
  std::size_t in_hand_ = 0;
  bool closed_ = false;
};

}  // namespace gvl
