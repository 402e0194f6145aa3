/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gvl/task.hpp"
#include "timeline/interval_merger.hpp"
#include "timeline/time.hpp"

namespace gvl::timeline {

/** The window that an answer is about. */
struct AnsweredWindow : MergedWindow {
  std::uint64_t session = 0;  ///< times of different sessions are not comparable
  bool alone = false;         ///< what other windows say does not matter
  double min_confidence = 0;  ///< an interval that is less sure is no event
};

/** What a user hears of: something that happens, when, and how sure the model is. Times are the video's. */
struct GroundedEvent {
  Task task = Task::kGrounding;
  std::string query;
  std::string text;
  std::optional<Time> start{};  ///< both or none: an answer in words has no times
  std::optional<Time> stop{};
  double confidence = 0;
  Time window_start{};  ///< of the window that says so, or of all that do
  Time window_stop{};
  std::uint64_t session = 0;
};

/**
 * Makes the events of a video of the answers about its windows: times of the video, one event of what overlapping
 * windows say about the same thing (IntervalMerger), a sentence that is right about it, and none of what is too unsure.
 *
 * For one thread at a time.
 */
class EventAssembler {
 public:
  /**
   * Takes an answer; windows come in order, and each window's answers one after the other. The events that are known
   * now, first those of the session before.
   */
  std::vector<GroundedEvent> add(const AnsweredWindow& window, const Answer& answer);

  /** The end: what was held back for later windows to say more about. */
  std::vector<GroundedEvent> finish();

 private:
  using Merged = std::vector<IntervalMerger::Event>;

  void append(const Merged& merged, std::vector<GroundedEvent>& events) const;

  IntervalMerger merger_;
  std::uint64_t session_ = 0;  // of the last answer, like the next
  double min_confidence_ = 0;
};

}  // namespace gvl::timeline
