/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <atomic>
#include <cstdint>

#include "timeline/window_planner.hpp"

namespace gvl::gst {

/** What an application may set while the segmenter works. */
struct SegmenterSettings {
  std::atomic<std::uint64_t> window_duration{0};  ///< ns
  std::atomic<double> window_overlap{timeline::kDefaultOverlap};
  std::atomic<std::uint64_t> alert_latency{static_cast<std::uint64_t>(timeline::kDefaultAlertLatency.count())};  ///< ns
  std::atomic<timeline::Segmentation> segmentation{timeline::Segmentation::kUniform};
  std::atomic<timeline::Keyframe> keyframe{timeline::Keyframe::kMiddle};
  std::atomic<unsigned> max_pending{4};
  std::atomic<int> priority{0};

  timeline::WindowSettings windows() const {
    const auto time = [](std::uint64_t ns) { return timeline::Time(static_cast<std::int64_t>(ns)); };
    return {time(window_duration), window_overlap, time(alert_latency), segmentation, keyframe};
  }
};

/** And what it may read. */
struct SegmenterStats {
  std::atomic<guint64> frames{0};     ///< passed
  std::atomic<guint64> samples{0};    ///< in attached segments; a frame counts as often as it is sampled
  std::atomic<guint64> windows{0};    ///< whose last segment came
  std::atomic<guint64> segments{0};   ///< attached
  std::atomic<guint64> skipped{0};    ///< live: segments dropped because max-pending were in flight
  std::atomic<guint64> unsampled{0};  ///< frames passed that are no part of a session, or before the model is there
  std::atomic<guint64> short_sessions{0};  ///< sessions too short to be answered

  void reset() { frames = samples = windows = segments = skipped = unsampled = short_sessions = 0; }
};

}  // namespace gvl::gst
