/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/retries.hpp"

#include <algorithm>

#include "net/http_client.hpp"

namespace {

constexpr double kLongestWait = 60;

/** Waits, or throws Interrupted. */
void wait(GCancellable* cancellable, double seconds) {
  GPollFD descriptor{};
  if (g_cancellable_make_pollfd(cancellable, &descriptor)) {
    g_poll(&descriptor, 1, static_cast<gint>(seconds * 1000));
    g_cancellable_release_fd(cancellable);
  }
  if (g_cancellable_is_cancelled(cancellable)) throw Interrupted();
}

}  // namespace

void with_retries(const RetryOptions& options, GCancellable* cancellable, const std::function<std::int64_t()>& progress,
                  const std::function<void(const std::string& why, double seconds)>& tell,
                  const std::function<void()>& work) {
  int failures = 0;
  for (;;) {
    const std::int64_t before = progress();
    try {
      return work();
    } catch (const HttpError& error) {
      failures = progress() > before ? 1 : failures + 1;
      if (!error.passing() || failures > options.times) throw;
      const double own = options.wait * static_cast<double>(1 << std::min(failures - 1, 16));
      const double seconds = std::max(std::min(own, kLongestWait), static_cast<double>(error.wait().value_or(0)));
      tell(error.what(), seconds);
      wait(cancellable, seconds);
    }
  }
}
