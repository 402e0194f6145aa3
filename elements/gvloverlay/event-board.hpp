/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <string>
#include <vector>

namespace gvl::gst {

/** A gvl-event that has times, as it is drawn. */
struct ShownEvent {
  std::string task, query, text;
  double confidence = 0;
  GstClockTime start = 0;  ///< stream time, like the next two
  GstClockTime stop = 0;
  GstClockTime arrived = GST_CLOCK_TIME_NONE;  ///< where the video was when it came; none for events of a file
  guint64 id = 0;
  bool open = false;  ///< it goes on: `stop` is not known

  bool of_stream() const { return GST_CLOCK_TIME_IS_VALID(arrived); }
};

/** A filled rectangle in pixels. */
struct Box {
  int x = 0, y = 0, width = 0, height = 0;
  std::uint32_t colour = 0;  ///< 0xAARRGGBB, not premultiplied

  bool operator==(const Box&) const = default;
};

/** The board below the picture. */
struct Board {
  int height = 0;
  std::vector<Box> boxes;  ///< in the order in which they are drawn; y from the board's top

  bool operator==(const Board&) const = default;
};

/** Part of the stream that the timeline shows. */
struct TimeRange {
  GstClockTime start = 0, stop = 0;
};

/**
 * The events of a stream and how they are shown at a moment. For one thread.
 *
 * An event is current while the video is within it, an open one from its start on; one that came afterwards, as from a
 * live analysis, for `linger` after it came.
 */
class EventBoard {
 public:
  /** Events without times are dropped. What comes with the stream replaces what was told of the same event before, and
   * takes one back that is withdrawn. */
  void add(const GstStructure* event, GstClockTime arrived);
  /** Forgets the events that came with the stream, not those of a file. */
  void forget_arrived();
  void clear() { events_.clear(); }

  /** The current events, those that begin first first. */
  std::vector<const ShownEvent*> current(GstClockTime time, GstClockTime linger) const;

  /** A line for each current event, the first few: query, times, confidence; the answer where it says more. */
  std::string words(GstClockTime time, GstClockTime linger) const;

  /** A bar for each current event, and the timeline strip when `range` is not empty. */
  Board board(GstClockTime time, GstClockTime linger, const TimeRange& range, int width, int height) const;

 private:
  std::uint32_t colour_of(const ShownEvent& event) const;

  std::vector<ShownEvent> events_;
};

/** A picture of `board`, `width` pixels wide, for the bottom of frames of this size (transfer full). */
GstVideoOverlayComposition* compose(const Board& board, int width, int frame_height);

}  // namespace gvl::gst
