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
 * Posts an element's messages on the bus, one after the other, from GStreamer's thread pool (gst_element_call_async):
 * an application's synchronous handler may block, seek or stop the element, and neither the model nor the streaming
 * thread waits for it. All members are thread safe.
 */
class GVL_API Dispatcher : public std::enable_shared_from_this<Dispatcher> {
 public:
  using Task = std::function<void(GstElement*)>;

  explicit Dispatcher(GstElement* element) : element_(element) {}
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

  /**
   * Drops what has not begun, and what is given until resume(), and ends waits. Without resume() for good, as is due
   * before the element goes away.
   */
  void interrupt();
  void resume();

 private:
  static void drain(GstElement* element, gpointer self);
  void drain(GstElement* element);

  GstElement* element_;  // not owned: interrupt() comes before it goes away
  std::mutex mutex_;     // guards what follows
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::uint64_t given_ = 0, done_ = 0;  // tasks, dropped ones as well
  bool draining_ = false;
  bool interrupted_ = false;
  std::thread::id drains_;  // the thread that is draining
};

}  // namespace gvl::gst
