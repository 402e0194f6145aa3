/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/window_assembler.hpp"

#include <algorithm>

namespace gvl::timeline {

namespace {

using Segment = WindowAssembler::Segment;

// Beyond so many windows of dropped segments, what comes next is something new.
constexpr std::uint64_t kMostWindowsDropped = 16;

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

std::size_t known_before(const std::vector<Segment>& segments, std::size_t position) {
  while (position-- > 0)
    if (segments[position].tokens.valid()) return position;
  return kNone;
}

std::size_t known_after(const std::vector<Segment>& segments, std::size_t position) {
  while (++position < segments.size())
    if (segments[position].tokens.valid()) return position;
  return kNone;
}

// The nearest segment that came, the earlier one of two.
std::size_t nearest(const std::vector<Segment>& segments, std::size_t position) {
  if (segments[position].tokens.valid()) return position;
  const auto before = known_before(segments, position), after = known_after(segments, position);
  if (before == kNone) return after;
  return after != kNone && after - position < position - before ? after : before;
}

// Where segment `position`, which was dropped, begins: those between two that came are equally long, those at an end
// as long as their neighbour.
Time missing_start(const std::vector<Segment>& segments, std::size_t position) {
  const auto before = known_before(segments, position), after = known_after(segments, position);
  if (before == kNone) {
    const auto length = segments[after].stop - segments[after].start;
    const auto away = static_cast<std::int64_t>(after - position) * length;
    return std::max(segments[after].start - away, Time());
  }
  const auto& known = segments[before];
  if (after == kNone) return known.stop + static_cast<std::int64_t>(position - before - 1) * (known.stop - known.start);
  const auto between = std::max(segments[after].start - known.stop, Time());
  return known.stop + scale(between, static_cast<std::int64_t>(position - before - 1),
                            static_cast<std::int64_t>(after - before - 1));
}

std::vector<WindowSegment> intervals(const std::vector<Segment>& segments) {
  std::vector<WindowSegment> intervals;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool came = segments[i].tokens.valid();
    intervals.push_back({came ? segments[i].start : missing_start(segments, i), segments[i].stop, !came});
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].tokens.valid()) continue;
    const auto& known = segments[nearest(segments, i)];
    intervals[i].stop =
        i + 1 < segments.size() ? intervals[i + 1].start : intervals[i].start + (known.stop - known.start);
  }
  return intervals;
}

}  // namespace

std::vector<double> boundaries_of(const std::vector<WindowSegment>& segments) {
  constexpr Time rounding = std::chrono::milliseconds(1);
  const auto begin = segments.front().start, end = segments.back().stop;
  const auto count = static_cast<std::int64_t>(segments.size());
  std::vector<double> boundaries;
  bool equal = true;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto planned = begin + scale(end - begin, i, count);
    const auto start = std::clamp(segments[static_cast<std::size_t>(i)].start, begin, end);
    equal = equal && start <= planned + rounding && planned <= start + rounding;
    boundaries.push_back(to_seconds(start - begin));
  }
  boundaries.push_back(to_seconds(end - begin));
  return equal ? std::vector<double>() : boundaries;
}

WindowAssembler::WindowAssembler(std::uint64_t segments, std::uint64_t hop, bool backward)
    : segments_(std::max<std::uint64_t>(segments, 1)),
      hop_(std::clamp<std::uint64_t>(hop, 1, segments_)),
      backward_(backward) {}

bool WindowAssembler::follows(std::uint64_t number) const {
  return number >= next_ && number - next_ <= kMostWindowsDropped * segments_;
}

std::vector<AssembledWindow> WindowAssembler::add(std::uint64_t number, Segment segment) {
  std::vector<AssembledWindow> complete;
  if (next_ == 0 && number > 0) next_ = number / hop_ * hop_;
  while (next_ < number) append({}, complete);
  append(std::move(segment), complete);
  return complete;
}

void WindowAssembler::append(Segment segment, std::vector<AssembledWindow>& complete) {
  recent_.push_back(std::move(segment));
  if (recent_.size() > segments_) recent_.pop_front();
  ++next_;
  if (recent_.size() < segments_ || (next_ - segments_) % hop_ != 0) return;
  complete_end_ = next_;
  if (auto window = assemble({recent_.begin(), recent_.end()}, true)) complete.push_back(std::move(*window));
}

std::optional<AssembledWindow> WindowAssembler::newest() const {
  if (recent_.size() < segments_ || complete_end_ == next_) return std::nullopt;
  return assemble({recent_.begin(), recent_.end()}, false);
}

std::optional<AssembledWindow> WindowAssembler::last() const {
  if (recent_.empty() || complete_end_ == next_) return std::nullopt;
  std::vector<Segment> segments(recent_.begin(), recent_.end());
  segments.resize(segments_);
  return assemble(std::move(segments), false);
}

std::optional<AssembledWindow> WindowAssembler::assemble(std::vector<Segment> segments, bool more) const {
  if (backward_) std::reverse(segments.begin(), segments.end());
  if (std::none_of(segments.begin(), segments.end(), [](const Segment& each) { return each.tokens.valid(); }))
    return std::nullopt;
  AssembledWindow window;
  for (std::size_t i = 0; i < segments.size(); ++i) window.tokens.push_back(segments[nearest(segments, i)].tokens);
  window.segments = intervals(segments);
  if (!more || backward_) return window;
  window.settled = hop_ < segments_ ? window.segments[hop_].start : window.segments.back().stop;
  return window;
}

}  // namespace gvl::timeline
