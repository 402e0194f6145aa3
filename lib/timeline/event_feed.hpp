/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gvl/task.hpp"
#include "timeline/alert_tracker.hpp"
#include "timeline/event_assembler.hpp"

namespace gvl::timeline {

/** A window, and how it counts. */
struct FedWindow : AnsweredWindow {
  bool alerts = false;       ///< it ends now: what it finds may open events
  bool provisional = false;  ///< and nothing else: other windows say what is so
};

/**
 * All that is told about a video, in order: the events that an EventAssembler makes of its windows, before these what
 * an AlertTracker says of the ones that go on, and what is no event.
 *
 * For one thread at a time.
 */
class EventFeed {
 public:
  struct News {
    std::vector<EventNews> events;
    std::optional<WindowAnswer> answer;
    std::vector<Judgement> judgements;
  };

  explicit EventFeed(AlertTracker::NextId next_id) : next_id_(next_id), alerts_(std::move(next_id)) {}

  /** Takes an answer; windows of a session come in order. finish() comes between two sessions. */
  News add(const FedWindow& window, const Answer& answer);

  /** The end of a session, or of the video: what was held back, and what was open in vain. */
  News finish();

 private:
  News add_alone(const FedWindow& window, const Answer& answer);

  AlertTracker::NextId next_id_;
  AlertTracker alerts_;
  EventAssembler assembler_;
};

}  // namespace gvl::timeline
