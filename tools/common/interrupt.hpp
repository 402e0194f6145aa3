/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * While one lives, the first SIGINT, SIGTERM or SIGHUP is only noted, so that what was found can be kept; a second one
 * ends the program as ever. One at a time.
 */
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/** Whether one came. */
bool is_interrupted();
