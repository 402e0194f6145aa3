#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

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
  struct Made {
    LoadedSample sample;
    std::exception_ptr error;
  };

  void work();

  std::function<LoadedSample(std::int64_t)> make_;
  std::function<std::int64_t(std::int64_t)> index_of_;
  std::int64_t ahead_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, Made> made_;
  std::int64_t begun_ = 0;  ///< samples that a thread has begun
  std::int64_t taken_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gvl::training
