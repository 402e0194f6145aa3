/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/in-threads.hpp"

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace {

/** Is cancelled when another one is. */
class Follower {
 public:
  explicit Follower(GCancellable* followed) : followed_(followed), own_(g_cancellable_new()) {
    const auto follow = [](GCancellable*, gpointer own) { g_cancellable_cancel(G_CANCELLABLE(own)); };
    handler_ = g_cancellable_connect(followed, G_CALLBACK(+follow), own_, nullptr);
  }
  ~Follower() {
    g_cancellable_disconnect(followed_, handler_);
    g_object_unref(own_);
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  GCancellable* get() const { return own_; }

 private:
  GCancellable* followed_;
  GCancellable* own_;
  gulong handler_;
};

}  // namespace

void in_threads(int count, GCancellable* cancellable, const std::function<void(GCancellable*)>& work) {
  const Follower stop(cancellable);
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&](const std::function<void()>& part) {
    try {
      part();
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      g_cancellable_cancel(stop.get());
    }
  };
  std::vector<std::thread> threads;
  run([&] {
    for (int i = 0; i < count; ++i) threads.emplace_back(run, [&] { work(stop.get()); });
  });
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}
