/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "gvl-export.h"

namespace gvl::gst {

/**
 * Posts an element's messages on the bus, one after the other, from a thread of its own: an application's synchronous
 * handler may block, seek or stop the element, and neither the model nor the streaming thread waits for it. The thread
 * begins with the first message. All members are thread safe.
 */
class GVL_API Dispatcher : public std::enable_shared_from_this<Dispatcher> {
 public:
  using Task = std::function<void(GstElement*)>;

  explicit Dispatcher(GstElement* element) : element_(element) {}
  ~Dispatcher() { close(); }
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /** Posts `message` (transfer full) behind what was given before. */
  void post(GstMessage* message);

  /** Runs `task` in the same order. It must not throw. */
  void run(Task task);

  /**
   * Waits until all that was given so far is done. False when interrupt() ends the wait. A handler that calls this by
   * what it does to the element does not wait for itself.
   */
  bool wait();

  /** Drops what has not begun, and what is given until resume(), and ends waits. */
  void interrupt();
  void resume();

  /**
   * interrupt() for good, which comes before the element goes away. The thread has ended at the return, unless a
   * handler is being waited for: that one keeps the element until it returns.
   */
  void close();

 private:
  void loop();
  void drop(std::unique_lock<std::mutex>& lock);

  GstElement* element_;  // not owned: close() comes before it goes away
  std::mutex mutex_;     // guards what follows
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::uint64_t given_ = 0, done_ = 0;  // tasks, dropped ones as well
  bool running_ = false;                // a task
  bool interrupted_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace gvl::gst
