/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/loader.hpp"

#include <algorithm>
#include <utility>

namespace gvl::training {

Loader::Loader(std::function<LoadedSample(std::int64_t)> make, std::function<std::int64_t(std::int64_t)> index_of,
               std::int64_t threads, std::int64_t ahead)
    : make_(std::move(make)), index_of_(std::move(index_of)) {
  for (std::int64_t i = 0; i < std::max<std::int64_t>(ahead, 1); ++i) begin_one();
  for (std::int64_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (auto task = tasks_.pop()) (*task)();
    });
  }
}

Loader::~Loader() {
  tasks_.close();
  for (std::thread& thread : threads_) thread.join();
}

void Loader::begin_one() {
  Task task([this, number = begun_++] { return make_(index_of_(number)); });
  ahead_.push_back(task.get_future());
  tasks_.push(std::move(task));
}

LoadedSample Loader::next() {
  std::future<LoadedSample> first = std::move(ahead_.front());
  ahead_.pop_front();
  // Another is begun when this one is made, so that no more than were asked for are ahead.
  first.wait();
  begin_one();
  return first.get();
}

}  // namespace gvl::training
