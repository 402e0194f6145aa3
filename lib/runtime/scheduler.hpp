/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gvl::runtime {

/** One piece of work, as the stage that runs it knows it. */
class Job {
 public:
  virtual ~Job() = default;
};

/** What a stage runs at once: at least one job, all submitted to it. */
using Batch = std::vector<std::shared_ptr<Job>>;

/** A kind of work, whose jobs can run together. */
struct Stage {
  std::string name;                       ///< for messages
  std::size_t max_batch = 1;              ///< the most jobs that run together
  std::chrono::nanoseconds max_wait{0};   ///< a job waits so long for others to fill the batch
  std::function<void(const Batch&)> run;  ///< gives every job of the batch its result or its error; does not throw
};

/** Who jobs are done for: an element of a stream. Equal ids are the same client while it has jobs that wait. */
using ClientId = const void*;

/**
 * Runs jobs on a thread of its own, one batch after the other, which uses all cores for each. Clients take turns: one
 * with many jobs waiting does not make those with few wait for all of them. A client's jobs of a stage begin in the
 * order in which they were submitted. A batch is filled from all clients in turn. The thread has a lower priority than
 * those that stream video. Thread safe.
 *
 * Whose turn it is:
 * - The client of the highest priority, and of several the one that has waited longest since it last had a job in a
 *   batch.
 * - When three batches in a row passed over the client that has waited longest, the next one begins with that client,
 *   whatever its priority: behind n others nobody waits for more than 4 (n + 1) batches.
 * - A batch takes one job of each client that has one of the stage, by priority, before a second one of any.
 *
 * A job whose batch is not full has its turn once it has waited as long as its stage says; until then it keeps nobody
 * from running.
 *
 * Destroying the scheduler drops what has not begun and waits for what has, unless the last reference goes on its own
 * thread.
 */
class Scheduler {
 public:
  using StageId = std::size_t;

  /** `prepare` runs first on the scheduler's thread: it sets the thread count. */
  explicit Scheduler(std::function<void()> prepare);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /** Throws Error(kInvalidArgument) for batches or waits that are not possible. */
  StageId add_stage(Stage stage);

  /** `priority` is the client's from now on. */
  void submit(StageId stage, ClientId client, std::shared_ptr<Job> job, int priority = 0);

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace gvl::runtime
