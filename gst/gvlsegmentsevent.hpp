/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gvl-export.h"
#include "gvlinflight.hpp"

namespace gvl::gst {

/**
 * gvl-segments: the sticky, serialized event by which gvlsegmenter says how the stream is divided. The first one comes
 * before the first buffer; then one comes before the first segment of each sequence, and one behind its last. Each
 * element that attaches tensors adds their names to it, so that the next ones know at the first buffer what is missing.
 */
inline constexpr const char* kSegmentsEvent = "gvl-segments";

/** What a gvl-segments event says. docs/events.md lists its fields by the names of these. */
struct SegmentsInfo {
  std::string model;                    ///< the folder of the model that it is divided for; empty: not known yet
  guint frames_per_segment = 0;         ///< n
  guint64 sequence = 0;                 ///< GvlSegmentMeta::sequence of the segments that follow
  guint64 session = 0;                  ///< GvlSegmentMeta::session of them
  guint window_segments = 0;            ///< K: segments of a window; 0: no sequence has begun
  guint window_hop = 0;                 ///< segments from one window's start to the next one's, 1 ... K
  guint alert_hop = 0;                  ///< segments from one look at the window that ends now to the next; 0: none
  bool live = false;                    ///< so is the stream
  bool backward = false;                ///< the sequence's segments come last first
  bool ended = true;                    ///< no segment of the sequence follows
  guint64 windows = 0;                  ///< of the sequence, once it ended: 0 when a jump cut short its only window
  std::vector<std::string> tensors;     /**< the ids of what the segments' and windows' buffers carry */
  std::shared_ptr<InFlight> in_flight;  ///< what the jobs about the segments are counted in; never null when parsed
};

GVL_API GstEvent* segments_event_new(const SegmentsInfo& info);

/** Nothing for any other event. Lasts as long as the event has its content. */
GVL_API std::optional<SegmentsInfo> parse_segments_event(GstEvent* event);

}  // namespace gvl::gst
