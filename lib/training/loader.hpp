/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "gvl/queue.hpp"
#include "training/batch.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** A sample with its tokens. */
struct LoadedSample {
  Sample sample;
  TokenizedSample tokens;
};

/** Makes samples on threads of its own, a bounded number ahead of whoever takes them, in order. */
class Loader {
 public:
  /** The n-th sample to take is make(index_of(n)). Both are called on several threads. */
  Loader(std::function<LoadedSample(std::int64_t)> make, std::function<std::int64_t(std::int64_t)> index_of,
         std::int64_t threads, std::int64_t ahead);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /** The next one; waits for it. Throws what making it threw. One thread takes. */
  LoadedSample next();

 private:
  using Task = std::packaged_task<LoadedSample()>;

  void begin_one();

  std::function<LoadedSample(std::int64_t)> make_;
  std::function<std::int64_t(std::int64_t)> index_of_;
  std::int64_t begun_ = 0;
  std::deque<std::future<LoadedSample>> ahead_;  ///< what was begun and not taken
  Queue<Task> tasks_;
  std::vector<std::thread> threads_;
};

}  // namespace gvl::training
