/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <thread>

#include "gvl-export.h"
#include "gvl/queue.hpp"

namespace gvl::gst {

/** One thread that runs jobs in order. The destructor drops those that have not begun and joins the thread. */
class GVL_API Worker {
 public:
  /** `name` is the thread's, as debuggers show it. */
  explicit Worker(const std::string& name);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /** From any thread. `job` must not throw. */
  void post(std::function<void()> job);

  /** How many jobs wait or run. From any thread. */
  std::size_t pending() const { return jobs_.pending(); }

  /** Waits until fewer than `jobs`, which is positive, do. From any thread but its own. */
  void wait_below(std::size_t jobs) const { jobs_.wait_below(jobs); }

 private:
  void run();

  Queue<std::function<void()>> jobs_;
  std::thread thread_;
};

}  // namespace gvl::gst
