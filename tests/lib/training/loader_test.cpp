/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Samples are made ahead on several threads, and taken in order.

#include "training/loader.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/testing.hpp"

using gvl::training::LoadedSample;
using gvl::training::Loader;

namespace {

/** A sample that says its index. */
LoadedSample numbered(std::int64_t index) {
  LoadedSample loaded;
  loaded.sample.duration = static_cast<double>(index);
  return loaded;
}

std::int64_t twice(std::int64_t number) { return 2 * number; }

}  // namespace

GVL_TEST(samples_come_in_order_whoever_is_faster) {
  const auto slow_at_first = [](std::int64_t index) {
    if (index % 8 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return numbered(index);
  };
  Loader loader(slow_at_first, twice, 4, 6);
  for (int i = 0; i < 40; ++i) ck_assert_double_eq(loader.next().sample.duration, 2 * i);
}

GVL_TEST(no_more_are_made_ahead_than_asked_for) {
  std::atomic<int> made = 0;
  const auto count = [&made](std::int64_t index) {
    ++made;
    return numbered(index);
  };
  Loader loader(count, twice, 3, 4);
  for (int taken = 0; taken < 5; ++taken) {
    while (made < taken + 4) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ck_assert_int_eq(made, taken + 4);
    loader.next();
  }
}

GVL_TEST(who_takes_a_sample_that_failed_learns_why) {
  const auto fail_at_2 = [](std::int64_t index) {
    if (index == 2) throw std::runtime_error("no such video");
    return numbered(index);
  };
  Loader loader(fail_at_2, twice, 2, 3);
  ck_assert_double_eq(loader.next().sample.duration, 0);
  std::string message;
  try {
    loader.next();
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  ck_assert_str_eq(message.c_str(), "no such video");
  ck_assert_double_eq(loader.next().sample.duration, 4);
}

GVL_TEST(a_loader_may_go_before_its_samples_are_taken) {
  std::atomic<int> made = 0;
  {
    Loader loader(
        [&made](std::int64_t index) {
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
          ++made;
          return numbered(index);
        },
        twice, 2, 100);
    loader.next();
  }
  // What was not begun is dropped.
  ck_assert_int_lt(made, 100);
}
