/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/in-threads.hpp"

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "net/follower.hpp"

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
