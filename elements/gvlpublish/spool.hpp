/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gvl::gst {

/**
 * The events that are not delivered yet, oldest first: a file of SQLite's, or memory. What add() has returned of is on
 * the disk, and outlives the process and a loss of power. All members are thread safe; what cannot be read or written
 * throws Error(kResource) with the file's name.
 */
class Spool {
 public:
  struct Entry {
    std::int64_t id = 0;
    std::string text;
  };
  struct Level {
    std::uint64_t events = 0, bytes = 0;
  };
  using Clock = std::chrono::steady_clock;

  /**
   * Opens `location`, or makes it; without one, the spool is in memory. `most_bytes` limits the texts that wait.
   * Throws Error for a file that is no spool, or that another element has open, and leaves it as it is.
   */
  Spool(const std::optional<std::string>& location, std::uint64_t most_bytes);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /** Puts a text behind all others. Returns how many were dropped for want of room: the oldest, or this one. */
  std::uint64_t add(const std::string& text);

  /** The oldest text, waited for until then. It is never dropped before remove() or put_back(). None after close(). */
  std::optional<Entry> wait_first(Clock::time_point until);
  /** The one that wait_first() gave is done with. */
  void remove(const Entry& entry);
  void put_back();

  /** Waits until nothing is in it. False at `until`, and after close(). */
  bool wait_empty(Clock::time_point until);

  /** Nobody waits any more. What is in it stays. */
  void close();

  Level level() const;

 private:
  struct Close {
    void operator()(sqlite3* base) const { sqlite3_close_v2(base); }
  };

  [[noreturn]] void fail(const std::string& doing) const;
  void run(const char* sql);
  std::int64_t number(const char* sql);
  void check_is_spool();
  bool drop_oldest();
  Entry read_first();

  const std::string name_;  // for messages
  const std::uint64_t most_bytes_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::unique_ptr<sqlite3, Close> base_;
  Level level_;
  Entry in_hand_;  // id 0: none
  bool closed_ = false;
};

}  // namespace gvl::gst
