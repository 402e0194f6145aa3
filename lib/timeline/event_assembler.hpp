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
  Time start{};
  Time stop{};
  double confidence = 0;
  Time window_start{};  ///< of the window that says so, or of all that do
  Time window_stop{};
  std::uint64_t session = 0;
};

/** What a window says that is no event: words that were asked for, or that what was asked for is not found in it. */
struct WindowAnswer {
  Task task = Task::kQuestion;
  std::string query;
  std::string text;
  bool found = false;
  double confidence = 0;  ///< of the words, or that there is nothing to be found
  Time window_start{};
  Time window_stop{};
  std::uint64_t session = 0;
};

/** What became of what a window says to a query. */
enum class Verdict {
  kEvent,         ///< it is an event, once no later window can say more about it
  kMerged,        ///< it belongs to an event that another window found
  kUnsure,        ///< its best moment is less sure than min_confidence
  kNotFound,      ///< the answer names no moment
  kNotConfirmed,  ///< with what the other windows say that show it, it is less sure than min_confidence
  kWords,         ///< words were asked for
};

/** "event", "merged", "unsure", "not-found", "not-confirmed", "words" */
const char* name_of(Verdict verdict) noexcept;

/** The best of what a window says to a query, and what became of it: why there is an event or none. */
struct Judgement {
  Task task = Task::kGrounding;
  std::string query;
  Time window_start{};  ///< with kNotConfirmed of all windows that found it
  Time window_stop{};
  std::optional<Time> start{};  ///< both or none
  std::optional<Time> stop{};
  double confidence = 0;
  double min_confidence = 0;
  Verdict verdict = Verdict::kNotFound;
};

/**
 * Makes the events of a video of the answers about its windows: times of the video, one event of what overlapping
 * windows say about the same thing (IntervalMerger), a sentence that is right about it, and none of what is too unsure.
 *
 * For one thread at a time.
 */
class EventAssembler {
 public:
  struct Outcome {
    std::vector<GroundedEvent> events;
    std::optional<WindowAnswer> answer;
    std::vector<Judgement> judgements;
  };

  /**
   * Takes an answer; windows come in order, and each window's answers one after the other. What is known now. finish()
   * comes between two sessions.
   */
  Outcome add(const AnsweredWindow& window, const Answer& answer);

  /** The end: what was held back for later windows to say more about. */
  Outcome finish();

  /** Whether what another window found is the same event as one that is held back. */
  bool holds(const IntervalMerger::Key& query, const Finding& finding, Time edge) const {
    return merger_.holds(query, finding, edge);
  }

 private:
  using Merged = std::vector<IntervalMerger::Event>;

  void append(const Merged& merged, Outcome& outcome) const;

  IntervalMerger merger_;
  std::uint64_t session_ = 0;  // of the last answer, like the next
  double min_confidence_ = 0;
};

}  // namespace gvl::timeline
