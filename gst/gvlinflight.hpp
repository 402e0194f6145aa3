/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "gvl-export.h"
#include "gvl/future.hpp"

namespace gvl::gst {

/**
 * What is in flight between a segmenter and the answers, from one flush (or start) to the next. The segmenter makes
 * it, waits on it, and sends it downstream with its gvl-segments event. All members are thread safe.
 *
 * A segment or window is in flight while somebody holds a token of it, which is while some job about it is not done.
 * That is not the same as its buffer being somewhere: an encoder's look-ahead or a sink's last sample holds buffers for
 * as long as it likes.
 */
class GVL_API InFlight : public std::enable_shared_from_this<InFlight> {
 public:
  enum class Kind {
    kSegment,
    kWindow,
    kProvisional,  ///< a provisional window: whoever asks for it leaves it out when there is too much to do
  };

  /** One job's share in a segment or window: that is done when the last copy of its last token is gone. */
  using Token = std::shared_ptr<void>;

  explicit InFlight(unsigned limit) : limit_(limit) {}

  /** How many segments and, separately, windows may be in flight. */
  void set_limit(unsigned limit);

  /** The stream's priority among all that share its model: of the jobs that are submitted from now on. */
  void set_priority(int priority) { priority_ = priority; }
  int priority() const { return priority_; }

  /** Counts this segment or window until the token is gone; a null token for what is not counted. */
  Token hold(Kind kind, guint64 index);

  /** A limit that was reached: how many of what are in flight, of how many that may be. */
  struct Reached {
    Kind kind;
    unsigned count;
    unsigned limit;
  };

  /**
   * Which limit keeps one more from starting, or nothing. `unpushed` segments are not counted: their buffer has not
   * been sent yet.
   */
  std::optional<Reached> reached(unsigned unpushed) const;

  /** Waits for room. False when interrupt() or fail() ended the wait. */
  bool wait_for_room(unsigned unpushed);

  /** Ends all waits, those to come as well. */
  void interrupt();

  /** True for the first caller: a job failed, and it is the caller's to report that and to call fail() then. */
  bool claim_failure();
  /** A failure was claimed: who hears of it may not have yet. */
  bool failing() const;

  /** A failure was reported: ends all waits. */
  void fail();
  bool failed() const;

  unsigned count(Kind kind) const;

 private:
  using Holders = std::map<guint64, unsigned>;  // of each index

  Holders& holders(Kind kind) { return kind == Kind::kSegment ? segments_ : windows_; }
  std::optional<Reached> find_reached(unsigned unpushed) const;
  void release(Kind kind, guint64 index);

  std::atomic<int> priority_{0};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  unsigned limit_;
  Holders segments_;
  Holders windows_;
  bool interrupted_ = false;
  bool claimed_ = false;
  bool failed_ = false;
};

/** Holds `token`, which may be null, until `future` is ready, in whatever way. */
template <typename T>
void hold_until_ready(InFlight::Token token, const Future<T>& future) {
  if (token) future.when_ready([token = std::move(token)]() mutable { token.reset(); });
}

}  // namespace gvl::gst
