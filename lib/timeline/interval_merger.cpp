/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/interval_merger.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <utility>

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

std::string in_words(const Finding& finding) {
  const auto seconds = [&](Time time) {
    gchar text[G_ASCII_DTOSTR_BUF_SIZE];
    return std::string(g_ascii_formatd(text, sizeof(text), "%.2f", to_seconds(time - finding.window_start)));
  };
  return "From " + seconds(finding.start) + " seconds to " + seconds(finding.stop) + " seconds.";
}

void IntervalMerger::take(const MergedWindow& window, Thread& thread, const Finding& finding) {
  for (auto& each : thread.held) {
    if (each.window == window.index || !same_event(each.finding, finding, window.resolution)) continue;
    each.window = window.index;
    if (each.told) return;
    each.finding = merged(each.finding, finding, window.resolution);
    each.sum += finding.confidence;
    ++each.shown;
    return;
  }
  const auto missed = std::count_if(thread.windows.begin(), thread.windows.end(),
                                    [&](const MergedWindow& before) { return shows_all(before, finding); });
  thread.held.push_back({finding, finding.confidence, static_cast<unsigned>(missed) + 1, window.index, false});
}

void IntervalMerger::tell(const Key& query, Held& held, std::vector<Event>& known) {
  if (std::exchange(held.told, true)) return;
  known.push_back({query, held.finding});
  known.back().finding.confidence = held.sum / held.shown;
}

std::vector<IntervalMerger::Event> IntervalMerger::add(const MergedWindow& window, const Key& query,
                                                       const std::vector<Finding>& findings) {
  std::vector<Event> known;
  for (auto& [key, thread] : queries_) {
    // A query that the window before this one was not asked either is asked no more.
    const bool over = thread.windows.back().index + 1 < window.index;
    const auto past = [&](const Held& held) { return over || apart(held.finding, window); };
    for (auto& held : thread.held)
      if (past(held)) tell(key, held, known);
    std::erase_if(thread.held, past);
  }
  std::erase_if(queries_, [&](const auto& each) { return each.second.windows.back().index + 1 < window.index; });

  auto& thread = queries_[query];
  for (const auto& finding : findings) take(window, thread, finding);
  for (auto& held : thread.held)
    if (held.window != window.index && shows_all(window, held.finding)) ++held.shown;
  std::erase_if(thread.windows,
                [&](const MergedWindow& before) { return before.stop <= window.start || before.start >= window.stop; });
  thread.windows.push_back(window);
  for (auto& held : thread.held)
    if (!window.settled || held.finding.stop + window.resolution < *window.settled) tell(query, held, known);
  return known;
}

std::vector<IntervalMerger::Event> IntervalMerger::finish() {
  std::vector<Event> known;
  for (auto& [query, thread] : queries_)
    for (auto& held : thread.held) tell(query, held, known);
  queries_.clear();
  return known;
}

}  // namespace gvl::timeline
