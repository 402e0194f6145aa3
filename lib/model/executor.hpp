#pragma once

#include <functional>
#include <memory>

namespace gvl::model {

/** One piece of work. It reports its own result and errors: run() does not throw. */
class Job {
 public:
  virtual ~Job() = default;

  /** Does the work, on the executor's thread. */
  virtual void run() noexcept = 0;

  /** Takes over the work of `other`, an equal job waiting behind this one; false: run it on its own. */
  virtual bool absorb(Job& other) { return false; }
};

/**
 * Runs jobs one after the other on a thread of its own, which uses all cores for each; equal jobs that wait behind one
 * another run as one batch. The thread has a lower priority than those that stream video. Thread safe. Destroying the
 * executor drops what has not begun and waits for what has, unless the last reference goes on its own thread.
 */
class Executor {
 public:
  /** `prepare` runs first on the executor's thread: it sets the thread count. */
  explicit Executor(std::function<void()> prepare);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void submit(std::shared_ptr<Job> job);

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace gvl::model
