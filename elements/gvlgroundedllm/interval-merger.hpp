/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gvl/task.hpp"

namespace gvl::gst {

/** What a window says when something happens. Times are stream time. */
struct Finding {
  GstClockTime start = 0;
  GstClockTime stop = 0;
  double confidence = 0;
  std::string text;
  bool joined = false;  ///< its times are those of no single answer: the text's are not right
  GstClockTime window_start = 0;
  GstClockTime window_stop = 0;
};

/** Of the window that findings are from. */
struct MergedWindow {
  guint64 index = 0;
  guint64 session = 0;
  GstClockTime start = 0;
  GstClockTime stop = 0;
  GstClockTime settled = GST_CLOCK_TIME_NONE;  ///< no later window shows what is before it
  GstClockTime resolution = 0;                 ///< what one temporal token stands for
};

/**
 * Makes one event of what overlapping windows say about the same thing:
 *
 * - Two findings of one query, from different windows, are the same event when they share at least half of the shorter
 *   one, or when one is cut by its window's edge (ends within `resolution` of it) and the other goes on from there.
 * - An event that was cut lasts from the earlier start to the later stop; otherwise the more confident finding gives
 *   times and text.
 * - The confidence is the mean over all windows that show the whole event: one that does not find it counts as 0.
 * - An event is told once, when no later window can say more about it.
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
    Finding finding;     // its confidence is that of the most confident one
    double sum = 0;      // of confidences
    unsigned shown = 0;  // windows that show all of it, or found it
    guint64 window = 0;  // the last that found it
    bool told = false;
  };
  struct Thread {
    std::vector<Held> held;
    std::vector<MergedWindow> windows;  // that may show what is to come
  };

  static void take(const MergedWindow& window, Thread& thread, const Finding& finding);
  static void tell(const Key& query, Held& held, std::vector<Event>& known);

  std::map<Key, Thread> queries_;
};

}  // namespace gvl::gst
