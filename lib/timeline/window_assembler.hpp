/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "gvl/future.hpp"
#include "gvl/tensor.hpp"
#include "timeline/time.hpp"

namespace gvl::timeline {

/** A segment of a window. */
struct WindowSegment {
  Time start{};
  Time stop{};
  bool substituted = false;  ///< it was dropped: another's tokens are in its place
};

/**
 * Where the segments of a window begin and the last one ends, in seconds from the window's start, as text::TimeScale
 * takes them; nothing where they are equally long.
 */
std::vector<double> boundaries_of(const std::vector<WindowSegment>& segments);

/** What one answer is about. */
struct AssembledWindow {
  std::vector<Future<Tensor>> tokens;   ///< of each segment, or of its nearest neighbour, in stream time order
  std::vector<WindowSegment> segments;  ///< likewise
  std::optional<Time> settled;          ///< no later window shows what is before it; none: there is no later one
};

/**
 * Makes the windows of one sequence of segments: of the first K, of K from number `hop` on, and so on. Keeps the last
 * K. For one thread.
 */
class WindowAssembler {
 public:
  struct Segment {
    Future<Tensor> tokens;  ///< invalid where none came
    Time start{};
    Time stop{};
  };

  /** `segments`: K. `hop`: at least 1; more than K is K. */
  WindowAssembler(std::uint64_t segments, std::uint64_t hop, bool backward);

  /** Whether a segment of this number may be the next: those between were dropped, at most some windows of them. */
  bool follows(std::uint64_t number) const;

  /** Takes the segment of this number, which follows(); the windows that are complete with it. */
  std::vector<AssembledWindow> add(std::uint64_t number, Segment segment);

  /** The window that ends with the last segment, all of whose segments are past; none where it was complete anyway. */
  std::optional<AssembledWindow> newest() const;

  /** The sequence ends: the window that ends with the last segment, unless that was complete. */
  std::optional<AssembledWindow> last() const;

 private:
  void append(Segment segment, std::vector<AssembledWindow>& complete);
  std::optional<AssembledWindow> assemble(std::vector<Segment> segments, bool more) const;

  std::uint64_t segments_;
  std::uint64_t hop_;
  bool backward_;
  std::deque<Segment> recent_;
  std::uint64_t next_ = 0;          // number of the segment that comes next
  std::uint64_t complete_end_ = 0;  // number behind the last segment of the last complete window
};

}  // namespace gvl::timeline
