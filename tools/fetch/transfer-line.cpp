/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/transfer-line.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/quantities.hpp"
#include "common/terminal.hpp"

namespace {

constexpr gint64 kEvery = G_USEC_PER_SEC / 4;
constexpr double kLeastSeconds = 2;  // before it can be said how fast it goes

}  // namespace

TransferLine::TransferLine(std::int64_t total) : on_terminal_(isatty(STDERR_FILENO)), total_(total) {}

void TransferLine::begin(std::string what) {
  std::lock_guard lock(mutex_);
  what_ = std::move(what);
  show(true);
}

void TransferLine::go_on(std::string what) {
  std::lock_guard lock(mutex_);
  what_ = std::move(what);
  show(false);
}

void TransferLine::add(std::int64_t bytes) {
  std::lock_guard lock(mutex_);
  done_ += bytes;
  show(false);
}

void TransferLine::add_before(std::int64_t bytes) {
  std::lock_guard lock(mutex_);
  before_ += bytes;
  show(false);
}

void TransferLine::say(const std::string& text) {
  std::lock_guard lock(mutex_);
  clear_locked();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void TransferLine::clear() {
  std::lock_guard lock(mutex_);
  clear_locked();
}

void TransferLine::clear_locked() {
  if (std::exchange(shown_, false)) std::fprintf(stderr, "\r\033[K");
}

std::string TransferLine::line() const {
  const std::int64_t there = before_ + done_;
  const double part = total_ > 0 ? static_cast<double>(there) / static_cast<double>(total_) : 1;
  char percent[16];
  g_snprintf(percent, sizeof percent, "%3.0f %%  ", std::clamp(part, 0.0, 1.0) * 100);
  std::string text = percent + size_text(there) + " of " + size_text(total_);
  const double seconds = static_cast<double>(g_get_monotonic_time() - began_) / G_USEC_PER_SEC;
  if (seconds > kLeastSeconds && done_ > 0) {
    const double speed = static_cast<double>(done_) / seconds;
    text += "  " + size_text(static_cast<std::int64_t>(speed)) + "/s  " +
            duration_text(static_cast<double>(std::max<std::int64_t>(total_ - there, 0)) / speed) + " left";
  }
  return text + "  " + what_;
}

void TransferLine::show(bool now) {
  const gint64 time = g_get_monotonic_time();
  if (!on_terminal_ || (!now && time < last_ + kEvery)) return;
  last_ = time;
  // A line that reaches the last column may go on in the next one, where it could not be taken back.
  const auto columns = static_cast<std::size_t>(std::max(terminal_columns() - 1, 0));
  std::fprintf(stderr, "\r\033[K%s", line().substr(0, columns).c_str());
  std::fflush(stderr);
  shown_ = true;
}
