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
  std::string text;
  bool joined = false;  ///< its times are those of no single answer: the text's are not right
  Time window_start{};
  Time window_stop{};
};

/** Of the window that findings are from. */
struct MergedWindow {
  std::uint64_t index = 0;
  Time start{};
  Time stop{};
  std::optional<Time> settled;  ///< no later window shows what is before it; none: there is no later one
  Time resolution{};            ///< what one temporal token stands for
};

/** What an answer says to a query for times; nothing where it says none. */
std::vector<Finding> findings_of(const Answer& answer, const MergedWindow& window);

/**
 * Makes one event of what overlapping windows say about the same thing:
 *
 * - Two findings of one query, from different windows, are the same event when they share at least half of the shorter
 *   one, or when one is cut by its window's edge (ends within `resolution` of it) and the other goes on from there.
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
  static void emit(const Key& query, Held& held, std::vector<Event>& known);

  std::map<Key, Asked> queries_;
};

}  // namespace gvl::timeline
