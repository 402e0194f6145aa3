/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segments.hpp"

#include "gvl/sampling.hpp"
#include "gvlevent.h"

namespace gvl::test {

StreamOptions options(std::optional<GstClockTime> duration) {
  StreamOptions made;
  made.model = std::make_shared<FakeModel>();
  made.duration = duration;
  return made;
}

StreamOptions with_caps(const char* caps, std::optional<GstClockTime> duration) {
  auto made = options(duration);
  made.caps = caps;
  return made;
}

std::vector<int> values(const std::vector<SeenSegment>& segments) {
  std::vector<int> all;
  for (const auto& segment : segments) all.insert(all.end(), segment.temporal.begin(), segment.temporal.end());
  return all;
}

std::vector<int> expected_values(std::int64_t total) {
  std::vector<int> all;
  for (int i = 0; i < kSamples; ++i) {
    const auto index = total < kSamples ? (2 * i + 1) * total / (2 * kSamples) : sample_index(i, kSamples, total);
    all.push_back(static_cast<int>(index % 256));
  }
  return all;
}

void check_equal(const std::vector<int>& got, const std::vector<int>& expected) {
  fail_unless_equals_int(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    fail_unless(got[i] == expected[i], "sample %zu: frame %d instead of %d", i, got[i], expected[i]);
}

void check_window(const std::vector<SeenSegment>& segments, guint64 window, GstClockTime start, GstClockTime stop) {
  fail_unless_equals_int(segments.size(), kSegments);
  for (int k = 0; k < kSegments; ++k) {
    const auto& segment = segments[k];
    fail_unless_equals_uint64(segment.sequence, segments[0].sequence);
    fail_unless_equals_uint64(segment.number / kSegments, window);
    fail_unless_equals_uint64(segment.start, start + (stop - start) * k / kSegments);
    fail_unless_equals_uint64(segment.stop, start + (stop - start) * (k + 1) / kSegments);
    fail_unless_equals_int(segment.times.size(), kPerSegment);
    fail_unless_equals_uint64(segment.keyframe, segment.times[kPerSegment / 2]);
    fail_unless_equals_int(segment.spatial, segment.temporal[kPerSegment / 2]);
  }
}

std::vector<SeenSegment> part(const std::vector<SeenSegment>& all, std::size_t first, std::size_t count) {
  fail_unless(all.size() >= first + count, "%zu segments", all.size());
  return {all.begin() + first, all.begin() + first + count};
}

std::vector<SeenSegment> take_from_events(Stream& stream) {
  std::vector<SeenSegment> segments;
  while (GstEvent* event = gst_harness_try_pull_event(stream.harness())) {
    GstBuffer* buffer = gvl_metadata_event_get_buffer(event);
    if (buffer) {
      fail_unless_equals_int(gst_buffer_get_size(buffer), 0);
      for (auto& segment : segments_on(buffer)) segments.push_back(std::move(segment));
      gst_buffer_unref(buffer);
    }
    gst_event_unref(event);
  }
  return segments;
}

}  // namespace gvl::test
