/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

/**
 * A line on the terminal that says how much of all has come, how fast, and how long the rest will take; where stderr is
 * no terminal, a line for each file that is there. Any thread may call it.
 */
class TransferLine {
 public:
  /** `total` bytes are to come. */
  explicit TransferLine(std::int64_t total);
  ~TransferLine() { clear(); }
  TransferLine(const TransferLine&) = delete;
  TransferLine& operator=(const TransferLine&) = delete;

  /** What is done now: "loading ckpt/a.pth". */
  void begin(std::string what);
  /** The same, with how far it is: shown when the line has stood for a while. */
  void go_on(std::string what);
  /** So many more bytes have come. */
  void add(std::int64_t bytes);
  /** What was there before this run: counts, but says nothing about how fast the rest comes. Below 0: comes again. */
  void add_before(std::int64_t bytes);
  /** A line of its own, above the other. */
  void say(const std::string& text);
  void clear();

 private:
  void show(bool now);
  void clear_locked();
  std::string line() const;

  std::mutex mutex_;
  const bool on_terminal_;
  bool shown_ = false;
  const std::int64_t total_;
  std::int64_t done_ = 0, before_ = 0;
  const gint64 began_ = g_get_monotonic_time();
  gint64 last_ = 0;
  std::string what_;
};

/** What one file adds to the line. Any thread may call it. */
class FileTransfer {
 public:
  explicit FileTransfer(TransferLine& line) : line_(line) {}

  void add(std::int64_t bytes) {
    bytes_ += bytes;
    line_.add(bytes);
  }
  void add_before(std::int64_t bytes) {
    bytes_ += bytes;
    line_.add_before(bytes);
  }
  /** All of it has to come again. */
  void restart() { line_.add_before(-bytes_.exchange(0)); }
  void say(const std::string& text) { line_.say(text); }

 private:
  TransferLine& line_;
  std::atomic<std::int64_t> bytes_{0};
};
