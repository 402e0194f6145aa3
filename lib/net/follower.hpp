/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/** Is cancelled when another one is, and may be by itself. */
class Follower {
 public:
  explicit Follower(GCancellable* followed) : followed_(followed), own_(g_cancellable_new()) {
    const auto follow = [](GCancellable*, gpointer own) { g_cancellable_cancel(G_CANCELLABLE(own)); };
    handler_ = g_cancellable_connect(followed, G_CALLBACK(+follow), own_, nullptr);
  }
  ~Follower() {
    g_cancellable_disconnect(followed_, handler_);
    g_object_unref(own_);
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  GCancellable* get() const { return own_; }

 private:
  GCancellable* followed_;
  GCancellable* own_;
  gulong handler_;
};
