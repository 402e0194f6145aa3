/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interval-merger.hpp"

#include <algorithm>

namespace gvl::gst {

namespace {

GstClockTime shared(const Finding& a, const Finding& b) {
  const auto start = std::max(a.start, b.start), stop = std::min(a.stop, b.stop);
  return stop > start ? stop - start : 0;
}

bool cut_at_start(const Finding& finding, GstClockTime resolution) {
  return finding.start <= finding.window_start + resolution;
}

bool cut_at_stop(const Finding& finding, GstClockTime resolution) {
  return finding.stop + resolution >= finding.window_stop;
}

// Whether one of them goes on beyond the edge that cuts the other.
bool cut(const Finding& earlier, const Finding& later, GstClockTime resolution) {
  return cut_at_stop(earlier, resolution) || cut_at_start(later, resolution);
}

bool same_event(const Finding& earlier, const Finding& later, GstClockTime resolution) {
  const auto shorter = std::min(earlier.stop - earlier.start, later.stop - later.start);
  const auto both = shared(earlier, later);
  if (both > 0 && 2 * both >= shorter) return true;
  const bool touch = later.start <= earlier.stop + resolution && earlier.start <= later.stop + resolution;
  return touch && cut(earlier, later, resolution);
}

Finding merged(const Finding& earlier, const Finding& later, GstClockTime resolution) {
  Finding event = later.confidence > earlier.confidence ? later : earlier;
  if (!cut(earlier, later, resolution)) return event;
  event.start = std::min(earlier.start, later.start);
  event.stop = std::max(earlier.stop, later.stop);
  event.window_start = std::min(earlier.window_start, later.window_start);
  event.window_stop = std::max(earlier.window_stop, later.window_stop);
  event.joined = true;
  return event;
}

bool apart(const Finding& finding, const MergedWindow& window) {
  return finding.window_stop < window.start || finding.window_start > window.stop;
}

}  // namespace

void IntervalMerger::take(const MergedWindow& window, std::vector<Held>& held, const Finding& finding) const {
  for (auto& each : held) {
    if (each.window == window.index) continue;
    if (!same_event(each.finding, finding, window.resolution)) continue;
    if (!each.told) each.finding = merged(each.finding, finding, window.resolution);
    each.window = window.index;
    return;
  }
  held.push_back({finding, window.index, false});
}

std::vector<IntervalMerger::Event> IntervalMerger::add(const MergedWindow& window, const Key& query,
                                                       const std::vector<Finding>& findings) {
  std::vector<Event> known;
  const auto tell = [&](const Key& key, Held& held) {
    if (!held.told) known.push_back({key, held.finding});
    held.told = true;
  };
  for (auto& [key, thread] : queries_) {
    // A query that the window before this one was not asked either is asked no more.
    const bool over = thread.last_window + 1 < window.index;
    for (auto& held : thread.held)
      if (over || apart(held.finding, window)) tell(key, held);
    std::erase_if(thread.held, [&](const Held& held) { return over || apart(held.finding, window); });
  }
  std::erase_if(queries_, [&](const auto& each) { return each.second.last_window + 1 < window.index; });

  auto& thread = queries_[query];
  thread.last_window = window.index;
  for (const auto& finding : findings) take(window, thread.held, finding);
  const bool last = !GST_CLOCK_TIME_IS_VALID(window.settled);
  for (auto& held : thread.held)
    if (last || held.finding.stop + window.resolution < window.settled) tell(query, held);
  return known;
}

std::vector<IntervalMerger::Event> IntervalMerger::finish() {
  std::vector<Event> known;
  for (auto& [key, thread] : queries_)
    for (auto& held : thread.held)
      if (!held.told) known.push_back({key, held.finding});
  queries_.clear();
  return known;
}

}  // namespace gvl::gst
