/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gvl/task.hpp"
#include "timeline/time.hpp"

namespace gvl::timeline {

/** What a window says when something happens. Times are the video's. */
struct Finding {
  Time start{};
  Time stop{};
  double confidence = 0;
  std::string text;     ///< with the video's times
  bool joined = false;  ///< its times are those of no single answer: the text's are not right
  Time window_start{};
  Time window_stop{};
  double best = 0;  ///< of an event: the confidence of its most confident finding
};

/** Of the window that findings are from. */
struct MergedWindow {
  std::uint64_t index = 0;
  Time start{};
  Time stop{};
  std::optional<Time> settled;  ///< no later window shows what is before it; none: there is no later one
  Time resolution{};            ///< what one temporal token stands for
  Time edge{};                  ///< what ends so near to the window's end may go on beyond it
  double believed = 0;          ///< a finding that is less sure is a guess
};

/** MergedWindow::edge of a window: half a segment, within which a model that reads it as a whole places an end. */
constexpr Time edge_of(Time start, Time stop, std::int64_t segments) { return (stop - start) / (2 * segments); }

/** What an answer says to a query for times; nothing where it says none, or to a question for words. */
std::vector<Finding> findings_of(const Answer& answer, const MergedWindow& window);

/**
 * Whether two findings of one query, from different windows, are the same event: they share at least half of the
 * shorter one, or one is cut by its window's edge (ends within `edge` of it) and the other goes on from there.
 */
bool same_event(const Finding& earlier, const Finding& later, Time edge);

/** Whether it begins before its window, as far as that can be known. */
bool cut_at_start(const Finding& finding, Time edge);

/**
 * Makes one event of what overlapping windows say about the same thing:
 *
 * - Findings that are the same_event() are one. Two events are one, too, when a later finding is the same as both. A
 *   guess goes on beyond no edge.
 * - An event that was cut lasts from the earlier start to the later stop; otherwise the more confident finding gives
 *   times and text.
 * - The confidence is event_confidence() over all windows that show the whole event.
 * - An event is emitted once, when no later window can say more about it.
 *
 * For one thread at a time.
 */
class IntervalMerger {
 public:
  using Key = std::pair<Task, std::string>;  ///< one query
  struct Event {
    Key query;
    Finding finding;
  };

  /** Takes what `window` says to one query; windows come in order. The events that are known now. */
  std::vector<Event> add(const MergedWindow& window, const Key& query, const std::vector<Finding>& findings);

  /** The end: what is held back. */
  std::vector<Event> finish();

  /** Whether `finding`, of another window, is the same event as one that is held back, or as any that is known. */
  bool holds(const Key& query, const Finding& finding, Time edge) const;
  bool knows(const Key& query, const Finding& finding, Time edge) const;

 private:
  struct Held {
    Finding finding;              // its confidence is that of the most confident one
    std::vector<double> windows;  // what each says that shows all of it; 0 where it does not find it
    std::uint64_t window = 0;     // the last that found it
    bool emitted = false;
  };
  struct Asked {
    std::vector<Held> held;
    std::vector<MergedWindow> windows;  // that may show what is to come
  };

  static void take(const MergedWindow& window, Asked& asked, const Finding& finding);
  const Held* find(const Key& query, const Finding& finding, Time edge, bool emitted_too) const;
  static void absorb(const MergedWindow& window, Asked& asked, Held& first);
  static void emit(const Key& query, Held& held, std::vector<Event>& known);

  std::map<Key, Asked> queries_;
};

}  // namespace gvl::timeline
