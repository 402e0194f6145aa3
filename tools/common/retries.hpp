/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <functional>
#include <string>

struct RetryOptions {
  int times = 8;    ///< in a row
  double wait = 1;  ///< seconds before the first of them; twice as many before each further one
};

/**
 * Calls `work` until it succeeds: again after a failure that may pass, as often as `options` say while it does not get
 * on (`progress` does not change). Throws what the last try threw, or Interrupted.
 */
void with_retries(const RetryOptions& options, GCancellable* cancellable, const std::function<std::int64_t()>& progress,
                  const std::function<void(const std::string& why, double seconds)>& tell,
                  const std::function<void()>& work);
