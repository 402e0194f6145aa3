/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "gvl/error.hpp"

namespace gvl {

namespace detail {

template <typename T>
struct SharedState {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<T> value;
  std::exception_ptr error;
  std::vector<std::function<void()>> callbacks;

  bool ready() const { return value.has_value() || error != nullptr; }
};

}  // namespace detail

/**
 * A value that some thread will provide. Unlike std::future it can be copied, read many times, and asked to call
 * back when it is ready, which is what chains of jobs need. All members are thread safe.
 */
template <typename T>
class Future {
 public:
  Future() = default;

  /** A future that is ready at once. */
  static Future of(T value) {
    Future future;
    future.state_ = std::make_shared<detail::SharedState<T>>();
    future.state_->value = std::move(value);
    return future;
  }

  /** False for a default-constructed future, which may be assigned to but not used. */
  bool valid() const noexcept { return state_ != nullptr; }

  bool ready() const {
    std::lock_guard lock(state_->mutex);
    return state_->ready();
  }

  /** Blocks until the value is there and returns it, or rethrows what prevented it. */
  const T& get() const {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->ready(); });
    if (state_->error) std::rethrow_exception(state_->error);
    return *state_->value;
  }

  /** Calls `callback` once, on the thread that provides the value, or here and now if it is there already. */
  void when_ready(std::function<void()> callback) const {
    {
      std::lock_guard lock(state_->mutex);
      if (!state_->ready()) {
        state_->callbacks.push_back(std::move(callback));
        return;
      }
    }
    callback();
  }

 private:
  template <typename>
  friend class Promise;

  std::shared_ptr<detail::SharedState<T>> state_;
};

/**
 * The providing end of a Future. The first set_value() or set_error() counts, later ones are ignored; a promise
 * that is destroyed unfulfilled breaks its futures with Error(kCancelled), so nobody waits forever.
 */
template <typename T>
class Promise {
 public:
  Promise() : state_(std::make_shared<detail::SharedState<T>>()) {}
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&&) noexcept = default;
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;
  ~Promise() {
    if (state_) set_error(std::make_exception_ptr(Error(ErrorCode::kCancelled, "cancelled before it was computed")));
  }

  Future<T> future() const {
    Future<T> future;
    future.state_ = state_;
    return future;
  }

  void set_value(T value) {
    fulfil([&] { state_->value = std::move(value); });
  }

  void set_error(std::exception_ptr error) {
    fulfil([&] { state_->error = std::move(error); });
  }

 private:
  template <typename Set>
  void fulfil(Set&& set) {
    std::vector<std::function<void()>> callbacks;
    {
      std::lock_guard lock(state_->mutex);
      if (state_->ready()) return;
      set();
      callbacks.swap(state_->callbacks);
    }
    state_->changed.notify_all();
    for (auto& callback : callbacks) callback();
  }

  std::shared_ptr<detail::SharedState<T>> state_;
};

}  // namespace gvl
