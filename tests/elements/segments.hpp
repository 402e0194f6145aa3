/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fake-model.hpp"
#include "stream.hpp"

// What tests of gvlsegmenter alone expect of the segments that it attaches, on the fake model.

namespace gvl::test {

inline constexpr int kSamples = 8;
inline constexpr int kSegments = 2;
inline constexpr int kPerSegment = 4;

/** Of a stream with a fake model. */
StreamOptions options(std::optional<GstClockTime> duration = {});
StreamOptions with_caps(const char* caps, std::optional<GstClockTime> duration = {});

/** All the sampled values of the segments, in stream time order. */
std::vector<int> values(const std::vector<SeenSegment>& segments);

/** By the published rule; of fewer frames than samples, those that are shown in the middle of each interval. */
std::vector<int> expected_values(std::int64_t total);

void check_equal(const std::vector<int>& got, const std::vector<int>& expected);

/** `window`: which of its sequence, where windows lie side by side. */
void check_window(const std::vector<SeenSegment>& segments, guint64 window, GstClockTime start, GstClockTime stop);

/** `count` of them, from number `first` on. */
std::vector<SeenSegment> part(const std::vector<SeenSegment>& all, std::size_t first, std::size_t count);

/** Segments that came in metadata events, as no buffer was left for them. */
std::vector<SeenSegment> take_from_events(Stream& stream);

}  // namespace gvl::test
