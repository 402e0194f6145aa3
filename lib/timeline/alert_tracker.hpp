/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gvl/task.hpp"
#include "timeline/event_assembler.hpp"
#include "timeline/interval_merger.hpp"
#include "timeline/time.hpp"

namespace gvl::timeline {

/** Where an event is in its life. */
enum class EventState {
  kOpen,       ///< it is believed to go on: its start is known, not its stop
  kUpdate,     ///< likewise, with another start or confidence
  kClosed,     ///< it is over, and later windows agree: its start and stop are final
  kWithdrawn,  ///< it was open, and later windows do not agree: there is no such event
};

/** "open", "update", "closed", "withdrawn" */
const char* name_of(EventState state) noexcept;

/** What is told of an event at a moment of its life. */
struct EventNews {
  std::uint64_t id = 0;  ///< one through all of its life
  EventState state = EventState::kClosed;
  GroundedEvent event;  ///< `stop` is as far as it was seen while it is open
};

/**
 * Tells of events while they go on. Each time that a segment was added, the window that ends now is looked at, besides
 * the windows that an EventAssembler takes. Its events are what is told at last; what is open before only announces
 * them:
 *
 * - A finding opens an event when it is the same_event() as none that was told, no window that an assembler took could
 *   still have shown its start, and it is believed: two looks in a row find it with at least min_confidence, or one
 * that is halfway from there to certain.
 * - An open event is updated when a look moves its start by more than the edge within which the model places ends, or
 * its confidence by more than 0.1.
 * - It is closed by the assembler's event that is the same; of several open ones by the first.
 * - It is withdrawn when all windows that an assembler takes and that show its start have been taken, and none of them
 *   knows it.
 *
 * For one thread at a time.
 */
class AlertTracker {
 public:
  using Key = IntervalMerger::Key;
  using NextId = std::function<std::uint64_t()>;

  explicit AlertTracker(NextId next_id) : next_id_(std::move(next_id)) {}

  /** What the window that ends now says to a query. `assembler`: of the same video. */
  std::vector<EventNews> look(const AnsweredWindow& window, const Answer& answer, const EventAssembler& assembler);

  /** An event of the assembler's. */
  EventNews close(const GroundedEvent& event);

  /** The assembler has taken `window`, and its events are closed. */
  std::vector<EventNews> settle(const AnsweredWindow& window, const Query& query, const EventAssembler& assembler);

  /** The video ends, or another session begins; the assembler's last events are closed. */
  std::vector<EventNews> finish();

 private:
  struct Alert {
    std::uint64_t id = 0;
    GroundedEvent event;
  };
  struct Asked {
    std::vector<Alert> open;
    std::vector<Finding> over;      // what was closed or withdrawn, as long as the newest window shows it
    std::vector<Finding> believed;  // what the last look found and did not open
    std::optional<Time> settled;    // no window to come shows what is before it
    std::uint64_t window = 0;       // the last that was asked
    Time edge{};
  };

  Asked& asked_of(const Key& key, const AnsweredWindow& window);
  void forget_unasked(std::uint64_t window, std::vector<EventNews>& news);
  static void withdraw(Asked& asked, const std::function<bool(const Alert&)>& is_none, std::vector<EventNews>& news);
  static bool update(Alert& alert, const Finding& finding, Time edge);
  static bool was_told(const Asked& asked, const Finding& finding, Time edge);
  EventNews open(Asked& asked, const AnsweredWindow& window, const Query& query, const Finding& finding);
  void look_at(Asked& asked, const AnsweredWindow& window, const Query& query, const Finding& finding,
               std::vector<EventNews>& news);

  NextId next_id_;
  std::map<Key, Asked> queries_;
};

}  // namespace gvl::timeline
