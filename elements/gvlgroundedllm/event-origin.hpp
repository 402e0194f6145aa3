/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "gvlutcclock.hpp"

namespace gvl::gst {

/** A stream, from its STREAM_START to the next. What is said of it later still needs it. */
struct StreamOrigin {
  StreamOrigin(GstElement* element, std::string stream_id) : id(std::move(stream_id)), utc(element) {}

  const std::string id;  ///< empty: none was said
  UtcClock utc;
};

/** Which camera and what time: what is said of every event and answer besides what happened. Thread safe. */
class EventOrigin {
 public:
  /** `source_id` gives what is set now; empty: the element, or the bin of ours that it is in, by its name. */
  EventOrigin(GstElement* element, std::function<std::string()> source_id)
      : element_(element), source_id_(std::move(source_id)), stream_(std::make_shared<StreamOrigin>(element, "")) {}

  /** STREAM_START. */
  void stream_starts(GstEvent* event);

  /** The stream that plays now. */
  std::shared_ptr<StreamOrigin> stream() const;

  /** The source's id, or the name that stands for it. */
  std::string source() const;

  /** Adds `source`, `stream-id`, and, as far as it is known, `utc-start`, `utc-stop` and `utc-source`, of
   *  what played in this segment of the stream. */
  void describe(GstStructure* said, const StreamOrigin& stream, const GstSegment& segment) const;

 private:
  GstElement* element_;
  std::function<std::string()> source_id_;
  mutable std::mutex mutex_;
  std::shared_ptr<StreamOrigin> stream_;  // guarded by mutex_; never null
};

}  // namespace gvl::gst
