/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <thread>

#include "common/interrupt.hpp"

/** Cancels when a signal came that an InterruptGuard noted, until it is let go. */
class SignalWatch {
 public:
  explicit SignalWatch(GCancellable* cancellable)
      : thread_([this, cancellable] {
          while (!done_) {
            if (is_interrupted()) g_cancellable_cancel(cancellable);
            g_usleep(50 * 1000);
          }
        }) {}
  ~SignalWatch() {
    done_ = true;
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};
