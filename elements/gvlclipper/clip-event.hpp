/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>
#include <mutex>

#include "frame-ring.hpp"

namespace gvl::gst {

/** A gvl-event that nobody changes. */
using SharedEvent = std::shared_ptr<const GstStructure>;

/** What of the stream something shows. */
struct Interval {
  StreamTime start = 0, stop = 0;
};

/**
 * An event that is to have a clip. Of one that is over all is known. Of an alert only the begin is, and what changes is
 * told until it is over. Thread safe.
 */
class ClipEvent {
 public:
  /** Whether an event has a start and a stop. */
  static bool is_whole(const GstStructure* event);
  /** Whether it says that an event has begun, and when. */
  static bool is_alert(const GstStructure* event);
  /** Whether it is the last that is told of one: it is closed or withdrawn. */
  static bool is_over(const GstStructure* event);

  /** Of an event (copied) that is whole, or of an alert: then it goes on. */
  ClipEvent(const GstStructure* event, bool goes_on);

  /** What is known of it. */
  SharedEvent now() const;
  /** More is to be told of it. */
  bool goes_on() const;
  /** It goes on, or is known to its end: it is neither withdrawn nor given up. */
  bool is_wanted() const;
  /** Where it has no end yet, it may last for `longest`. */
  Interval times(GstClockTime longest) const;
  /** Whether that is told of this one. */
  bool is_same(const GstStructure* event) const;

  /** News of it (copied). `closed` and `withdrawn` are the last. */
  void tell(const GstStructure* event);
  /** No more will be told of it. */
  void give_up();

 private:
  mutable std::mutex mutex_;
  SharedEvent event_;
  bool goes_on_;
};

using ClipEventPointer = std::shared_ptr<ClipEvent>;

}  // namespace gvl::gst
