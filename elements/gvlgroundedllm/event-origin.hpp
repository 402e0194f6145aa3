/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <functional>
#include <mutex>
#include <string>

#include "gvlutcclock.hpp"

namespace gvl::gst {

/** Which camera and what time: what is said of every event and answer besides what happened. Thread safe. */
class EventOrigin {
 public:
  /** `source_id` gives what is set now; empty: the element, or the bin of ours that it is in, by its name. */
  EventOrigin(GstElement* element, std::function<std::string()> source_id)
      : element_(element), source_id_(std::move(source_id)), utc_(element) {}

  /** STREAM_START. */
  void stream_starts(GstEvent* event);

  UtcClock& utc() { return utc_; }

  /** Adds `source`, `stream-id`, and, as far as it is known, `utc-start`, `utc-stop` and `utc-source`, of
   *  what played in `segment`. */
  void describe(GstStructure* said, const GstSegment& segment) const;

 private:
  std::string source() const;

  GstElement* element_;
  std::function<std::string()> source_id_;
  UtcClock utc_;
  mutable std::mutex mutex_;
  std::string stream_id_;  // guarded by mutex_
};

}  // namespace gvl::gst
