/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <string>

#include "clip-event.hpp"
#include "clip-writer.hpp"

namespace gvl::gst {

struct ClipStats {
  guint64 events = 0;  ///< with times
  guint64 clips = 0;   ///< written completely
  guint64 failed = 0;  ///< clips that could not be written
  guint64 late = 0;    ///< events older than the ring, in whole or in part
  guint64 lost = 0;    ///< events without a clip, of which none was begun
  guint64 frames = 0;
  guint64 bytes = 0;  ///< in the ring
  guint64 last = 0;   ///< stream time of the latest frame
};

/**
 * What gvlclipper says of its work: counts, warnings, and for each complete clip the description beside it and an
 * element message. All members are thread safe; messages are posted without a lock.
 */
class ClipReporter {
 public:
  explicit ClipReporter(GstElement* element) : element_(element) {}

  void reset();
  ClipStats stats() const;

  void event_came();
  /** What is kept now. */
  void kept(const FrameRing& ring, StreamTime latest);

  /** A clip's file is closed: it is described, or what there is of it is set aside. */
  void closed(ClipWriter& writer);
  /** It could not be closed in time. */
  void cut_off(ClipWriter& writer);
  void failed(const std::string& text);
  /** `event` has no clip. */
  void lost(const ClipEvent& event, const std::string& why);
  /** The same, as it is older than what is kept. */
  void too_late(const ClipEvent& event, const std::string& why);
  void begins_late(const ClipEvent& event, StreamTime from, StreamTime kept_from);
  void ends_early(const ClipEvent& event, StreamTime at, const std::string& why);
  /** Without a keyframe, what is kept from `from` to `to` is of no use. */
  void dropped(StreamTime from, StreamTime to);

 private:
  void describe(ClipWriter& writer, const ClipWriter::Outcome& outcome) const;
  void count(guint64 ClipStats::*what);
  void warn(const std::string& text, guint lost) const;

  GstElement* element_;
  mutable std::mutex mutex_;
  ClipStats stats_;
};

/** As messages say it. */
std::string text_of(StreamTime time);

}  // namespace gvl::gst
