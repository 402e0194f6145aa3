#include "training/loader.hpp"

#include <utility>

namespace gvl::training {

Loader::Loader(std::function<LoadedSample(std::int64_t)> make, std::function<std::int64_t(std::int64_t)> index_of,
               std::int64_t threads, std::int64_t ahead)
    : make_(std::move(make)), index_of_(std::move(index_of)), ahead_(ahead) {
  for (std::int64_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Loader::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || begun_ < taken_ + ahead_; });
    if (stopping_) return;
    const std::int64_t number = begun_++;
    lock.unlock();
    Made made;
    try {
      made.sample = make_(index_of_(number));
    } catch (...) {
      made.error = std::current_exception();
    }
    lock.lock();
    made_.emplace(number, std::move(made));
    lock.unlock();
    changed_.notify_all();
  }
}

LoadedSample Loader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return made_.contains(taken_); });
  Made made = std::move(made_.extract(taken_).mapped());
  ++taken_;
  lock.unlock();
  changed_.notify_all();
  if (made.error) std::rethrow_exception(made.error);
  return std::move(made.sample);
}

}  // namespace gvl::training
