/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/interval_merger.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "timeline/confidence.hpp"
#include "timeline/wording.hpp"

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

bool cut_at_stop(const Finding& finding, Time edge) { return finding.stop + edge >= finding.window_stop; }

// Whether one of them goes on beyond the edge that cuts the other.
bool cut(const Finding& earlier, const Finding& later, Time edge) {
  return cut_at_stop(earlier, edge) || cut_at_start(later, edge);
}

Finding more_confident(const Finding& earlier, const Finding& later) {
  return later.confidence > earlier.confidence ? later : earlier;
}

Finding merged(const Finding& earlier, const Finding& later, Time edge) {
  Finding event = more_confident(earlier, later);
  if (!cut(earlier, later, edge)) return event;
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

bool share_half(const Finding& a, const Finding& b) {
  const auto shorter = std::min(a.stop - a.start, b.stop - b.start), both = shared(a, b);
  return both > Time() && 2 * both >= shorter;
}

Time edge_of(const MergedWindow& window) { return std::max(window.edge, window.resolution); }

}  // namespace

bool cut_at_start(const Finding& finding, Time edge) { return finding.start <= finding.window_start + edge; }

bool same_event(const Finding& earlier, const Finding& later, Time edge) {
  if (share_half(earlier, later)) return true;
  const bool touch = later.start <= earlier.stop + edge && earlier.start <= later.stop + edge;
  return touch && cut(earlier, later, edge);
}

std::vector<Finding> findings_of(const Answer& answer, const MergedWindow& window) {
  std::vector<Finding> findings;
  if (is_for_words(answer.query.task)) return findings;
  for (const auto& interval : answer.intervals) {
    const auto start = time_in(window, interval.start), stop = time_in(window, interval.stop);
    Finding finding{std::min(start, stop),
                    std::max(start, stop),
                    interval.confidence,
                    interval.text,
                    false,
                    window.start,
                    window.stop};
    // Of several moments that an answer names each event says its own.
    if (finding.text.empty())
      finding.text = answer.intervals.size() == 1 ? answer.text_seconds : in_a_sentence(finding.start, finding.stop);
    findings.push_back(std::move(finding));
  }
  return findings;
}

void IntervalMerger::take(const MergedWindow& window, Asked& asked, const Finding& finding) {
  const auto edge = edge_of(window);
  for (auto& each : asked.held) {
    if (each.window == window.index) continue;
    // A guess is not what an event goes on with.
    const bool believed = std::min(each.finding.confidence, finding.confidence) >= window.believed;
    if (!(believed ? same_event(each.finding, finding, edge) : share_half(each.finding, finding))) continue;
    each.window = window.index;
    if (each.emitted) return;
    each.finding = believed ? merged(each.finding, finding, edge) : more_confident(each.finding, finding);
    each.windows.push_back(finding.confidence);
    if (believed) absorb(window, asked, each);
    return;
  }
  const auto missed = std::count_if(asked.windows.begin(), asked.windows.end(),
                                    [&](const MergedWindow& before) { return shows_all(before, finding); });
  std::vector<double> windows(static_cast<std::size_t>(missed), 0.0);
  windows.push_back(finding.confidence);
  asked.held.push_back({finding, std::move(windows), window.index, false});
}

// What `first` has grown into may be what windows before saw in parts.
void IntervalMerger::absorb(const MergedWindow& window, Asked& asked, Held& first) {
  for (auto& other : asked.held) {
    if (&other == &first || other.emitted || other.window == window.index ||
        other.finding.confidence < window.believed || shared(first.finding, other.finding) <= Time())
      continue;
    first.finding.start = std::min(first.finding.start, other.finding.start);
    first.finding.stop = std::max(first.finding.stop, other.finding.stop);
    first.finding.window_start = std::min(first.finding.window_start, other.finding.window_start);
    first.finding.joined = true;
    first.windows.insert(first.windows.end(), other.windows.begin(), other.windows.end());
    other.emitted = true;
  }
}

void IntervalMerger::emit(const Key& query, Held& held, std::vector<Event>& known) {
  if (std::exchange(held.emitted, true)) return;
  known.push_back({query, held.finding});
  known.back().finding.best = held.finding.confidence;
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
    if (!window.settled || held.finding.stop + edge_of(window) < *window.settled) emit(query, held, known);
  return known;
}

const IntervalMerger::Held* IntervalMerger::find(const Key& query, const Finding& finding, Time edge,
                                                 bool emitted_too) const {
  const auto asked = queries_.find(query);
  if (asked == queries_.end()) return nullptr;
  const auto same = [&](const Held& held) {
    if (held.emitted && !emitted_too) return false;
    const bool before = held.finding.window_start <= finding.window_start;
    return before ? same_event(held.finding, finding, edge) : same_event(finding, held.finding, edge);
  };
  const auto& held = asked->second.held;
  const auto found = std::find_if(held.begin(), held.end(), same);
  return found == held.end() ? nullptr : &*found;
}

bool IntervalMerger::holds(const Key& query, const Finding& finding, Time edge) const {
  return find(query, finding, edge, false);
}

bool IntervalMerger::knows(const Key& query, const Finding& finding, Time edge) const {
  return find(query, finding, edge, true);
}

std::vector<IntervalMerger::Event> IntervalMerger::finish() {
  std::vector<Event> known;
  for (auto& [query, asked] : queries_)
    for (auto& held : asked.held) emit(query, held, known);
  queries_.clear();
  return known;
}

}  // namespace gvl::timeline
