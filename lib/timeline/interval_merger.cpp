/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/interval_merger.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "timeline/confidence.hpp"

namespace gvl::timeline {

namespace {

Time time_in(const MergedWindow& window, double seconds) {
  const double offset = seconds * 1e9;
  if (!(offset > 0)) return window.start;
  if (offset >= static_cast<double>((window.stop - window.start).count())) return window.stop;
  return window.start + Time(std::llround(offset));
}

Time shared(const Finding& a, const Finding& b) {
  const auto start = std::max(a.start, b.start), stop = std::min(a.stop, b.stop);
  return stop > start ? stop - start : Time();
}

bool cut_at_start(const Finding& finding, Time resolution) {
  return finding.start <= finding.window_start + resolution;
}

bool cut_at_stop(const Finding& finding, Time resolution) { return finding.stop + resolution >= finding.window_stop; }

// Whether one of them goes on beyond the edge that cuts the other.
bool cut(const Finding& earlier, const Finding& later, Time resolution) {
  return cut_at_stop(earlier, resolution) || cut_at_start(later, resolution);
}

bool same_event(const Finding& earlier, const Finding& later, Time resolution) {
  const auto shorter = std::min(earlier.stop - earlier.start, later.stop - later.start);
  const auto both = shared(earlier, later);
  if (both > Time() && 2 * both >= shorter) return true;
  const bool touch = later.start <= earlier.stop + resolution && earlier.start <= later.stop + resolution;
  return touch && cut(earlier, later, resolution);
}

Finding merged(const Finding& earlier, const Finding& later, Time resolution) {
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

bool shows_all(const MergedWindow& window, const Finding& finding) {
  return window.start <= finding.start && finding.stop <= window.stop;
}

}  // namespace

std::vector<Finding> findings_of(const Answer& answer, const MergedWindow& window) {
  std::vector<Finding> findings;
  if (answer.query.task == Task::kQuestion) return findings;
  for (const auto& interval : answer.intervals) {
    const auto start = time_in(window, interval.start), stop = time_in(window, interval.stop);
    findings.push_back({std::min(start, stop), std::max(start, stop), interval.confidence,
                        interval.text.empty() ? answer.text_seconds : interval.text, false, window.start, window.stop});
  }
  return findings;
}

void IntervalMerger::take(const MergedWindow& window, Asked& asked, const Finding& finding) {
  for (auto& each : asked.held) {
    if (each.window == window.index || !same_event(each.finding, finding, window.resolution)) continue;
    each.window = window.index;
    if (each.emitted) return;
    each.finding = merged(each.finding, finding, window.resolution);
    each.windows.push_back(finding.confidence);
    return;
  }
  const auto missed = std::count_if(asked.windows.begin(), asked.windows.end(),
                                    [&](const MergedWindow& before) { return shows_all(before, finding); });
  std::vector<double> windows(static_cast<std::size_t>(missed), 0.0);
  windows.push_back(finding.confidence);
  asked.held.push_back({finding, std::move(windows), window.index, false});
}

void IntervalMerger::emit(const Key& query, Held& held, std::vector<Event>& known) {
  if (std::exchange(held.emitted, true)) return;
  known.push_back({query, held.finding});
  known.back().finding.confidence = event_confidence(held.windows);
}

std::vector<IntervalMerger::Event> IntervalMerger::add(const MergedWindow& window, const Key& query,
                                                       const std::vector<Finding>& findings) {
  std::vector<Event> known;
  for (auto& [key, asked] : queries_) {
    // A query that the window before this one was not asked either is asked no more.
    const bool over = asked.windows.back().index + 1 < window.index;
    const auto past = [&](const Held& held) { return over || apart(held.finding, window); };
    for (auto& held : asked.held)
      if (past(held)) emit(key, held, known);
    std::erase_if(asked.held, past);
  }
  std::erase_if(queries_, [&](const auto& each) { return each.second.windows.back().index + 1 < window.index; });

  auto& asked = queries_[query];
  for (const auto& finding : findings) take(window, asked, finding);
  for (auto& held : asked.held)
    if (held.window != window.index && shows_all(window, held.finding)) held.windows.push_back(0);
  std::erase_if(asked.windows,
                [&](const MergedWindow& before) { return before.stop <= window.start || before.start >= window.stop; });
  asked.windows.push_back(window);
  for (auto& held : asked.held)
    if (!window.settled || held.finding.stop + window.resolution < *window.settled) emit(query, held, known);
  return known;
}

std::vector<IntervalMerger::Event> IntervalMerger::finish() {
  std::vector<Event> known;
  for (auto& [query, asked] : queries_)
    for (auto& held : asked.held) emit(query, held, known);
  queries_.clear();
  return known;
}

}  // namespace gvl::timeline
