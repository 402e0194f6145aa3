/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "gvl-export.h"
#include "gvl/future.hpp"

namespace gvl::gst {

/**
 * What is in flight between a segmenter and the answers, from one flush (or start) to the next. The segmenter makes
 * it and waits on it; the metas carry it to the elements downstream. All members are thread safe.
 *
 * A segment or window is in flight while some job about it is not done, which is not the same as its buffer being
 * somewhere: an encoder's look-ahead or a sink's last sample holds buffers for as long as it likes.
 */
class GVL_API Flow {
 public:
  enum class Kind { kSegment, kWindow };

  explicit Flow(unsigned limit) : limit_(limit) {}

  /** How many segments and, separately, windows may be in flight. */
  void set_limit(unsigned limit);

  /** Whether one more may start, `unpushed` segments left out of account: their buffer has not been sent yet. */
  bool has_room(unsigned unpushed) const;

  /** Waits for room. False when interrupt() or fail() ended the wait. */
  bool wait_for_room(unsigned unpushed);

  /** Ends all waits, those to come as well. */
  void interrupt();

  /** A job failed: ends all waits. True for the first caller, who is the one to report it. */
  bool fail();
  bool failed() const;

  unsigned in_flight(Kind kind) const;

  /** Counting, for Ticket. */
  void enter(Kind kind);
  void leave(Kind kind);

 private:
  bool room(unsigned unpushed) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  unsigned limit_;
  unsigned segments_ = 0;
  unsigned windows_ = 0;
  bool interrupted_ = false;
  bool failed_ = false;
};

/**
 * One segment's or window's place in its Flow, shared by whoever works on it. It counts as in flight while somebody
 * holds it.
 */
class GVL_API Ticket : public std::enable_shared_from_this<Ticket> {
 public:
  using Hold = std::shared_ptr<void>;

  Ticket(std::shared_ptr<Flow> flow, Flow::Kind kind) : flow_(std::move(flow)), kind_(kind) {}

  const std::shared_ptr<Flow>& flow() const { return flow_; }

  /** Counts until the last copy of what it returns is gone. */
  Hold hold();

 private:
  void release();

  std::shared_ptr<Flow> flow_;
  Flow::Kind kind_;
  std::mutex mutex_;
  unsigned holders_ = 0;
};

/** What the segments of one run know about each other. */
struct RunState {
  bool backward = false;             ///< its segments come last first; set before the first of them
  std::atomic<bool> aborted{false};  ///< a jump in time cut it short: what it began is not to be answered
};

/** Holds `ticket`, which may be null, until `future` is ready, in whatever way. */
template <typename T>
void hold_until_ready(const std::shared_ptr<Ticket>& ticket, const Future<T>& future) {
  if (!ticket) return;
  future.when_ready([hold = ticket->hold()]() mutable { hold.reset(); });
}

}  // namespace gvl::gst
