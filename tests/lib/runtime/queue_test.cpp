/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/queue.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "support/testing.hpp"

using gvl::Queue;

GVL_TEST(values_come_in_order) {
  Queue<int> queue;
  for (int i = 0; i < 3; ++i) ck_assert(queue.push(i));
  for (int i = 0; i < 3; ++i) ck_assert(queue.pop() == i);
}

GVL_TEST(each_value_is_taken_once_and_the_order_of_each_thread_is_kept) {
  constexpr int kThreads = 4, kValues = 1000;
  Queue<int> queue;
  std::vector<std::thread> givers;
  for (int thread = 0; thread < kThreads; ++thread) {
    givers.emplace_back([&queue, thread] {
      for (int i = 0; i < kValues; ++i) queue.push(thread * kValues + i);
    });
  }
  const auto take = [&queue] {
    std::vector<int> taken;
    while (const auto value = queue.pop()) {
      taken.push_back(*value);
      queue.done();
    }
    return taken;
  };
  auto first = std::async(std::launch::async, take), second = std::async(std::launch::async, take);
  for (auto& giver : givers) giver.join();
  ck_assert(queue.wait_below(1));
  queue.close();
  std::vector<int> all;
  for (auto& taken : {first.get(), second.get()}) {
    for (int thread = 0; thread < kThreads; ++thread) {
      std::vector<int> of_thread;
      std::ranges::copy_if(taken, std::back_inserter(of_thread), [&](int value) { return value / kValues == thread; });
      ck_assert(std::ranges::is_sorted(of_thread));
    }
    all.insert(all.end(), taken.begin(), taken.end());
  }
  std::ranges::sort(all);
  ck_assert_int_eq(all.size(), kThreads * kValues);
  for (int i = 0; i < kThreads * kValues; ++i) ck_assert_int_eq(all[static_cast<std::size_t>(i)], i);
}

GVL_TEST(what_is_in_hand_is_pending) {
  Queue<int> queue;
  queue.push(1);
  queue.push(2);
  ck_assert(queue.pop() == 1);
  ck_assert_int_eq(queue.pending(), 2);
  auto waiter = std::async(std::launch::async, [&queue] { return queue.wait_below(2); });
  ck_assert(waiter.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  queue.done();
  ck_assert(waiter.get());
  ck_assert_int_eq(queue.pending(), 1);
}

GVL_TEST(closing_ends_every_wait_and_drops_what_waits) {
  Queue<std::shared_ptr<int>> queue;
  const auto value = std::make_shared<int>(1);
  queue.push(value);
  auto waiter = std::async(std::launch::async, [&queue] { return queue.wait_below(1); });
  queue.close();
  ck_assert(!waiter.get());
  ck_assert_int_eq(value.use_count(), 1);
  ck_assert(!queue.pop());
  ck_assert(!queue.push(value));
  ck_assert_int_eq(value.use_count(), 1);
  queue.close();

  Queue<int> empty;
  auto taker = std::async(std::launch::async, [&empty] { return empty.pop().has_value(); });
  ck_assert(taker.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  empty.close();
  ck_assert(!taker.get());
}

// A job that is dropped may, in its destructor, give another: neither lock nor order is lost.
GVL_TEST(a_dropped_value_may_use_the_queue) {
  struct Last {
    Last(Queue<std::shared_ptr<Last>>& to, bool& result) : queue(to), refused(result) {}
    ~Last() { refused = !queue.push(nullptr); }
    Queue<std::shared_ptr<Last>>& queue;
    bool& refused;
  };
  bool refused = false;
  Queue<std::shared_ptr<Last>> queue;
  queue.push(std::make_shared<Last>(queue, refused));
  queue.close();
  ck_assert(refused);
}
