/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <memory>
#include <optional>
#include <string>

/** Whether a timecode is written as one: HH:MM:SS:FF, with a semicolon before the frames where some are dropped. */
bool is_timecode(const std::string& text);

/** Counts a video's frames as editing programs do: each has a timecode. */
class FrameCount {
 public:
  /**
   * Of a video whose frames have a constant rate, as its caps say it, and whose first one is shown at `begin`. `first`
   * is that one's timecode; empty: 0, with dropped frame numbers at 29.97 and 59.94 frames a second. None, with the
   * reason in `fault`, where frames cannot be counted like this.
   */
  static std::optional<FrameCount> make(int numerator, int denominator, GstClockTime begin, const std::string& first,
                                        std::string& fault);

  /** The frame that is the nearest to a time, counted from the video's first one. */
  gint64 frame_at(GstClockTime time) const;
  /** How many frames last so long. */
  gint64 frames_in(GstClockTime duration) const;
  /** How many frames there are from midnight to the video's first one. */
  gint64 first() const;
  double rate() const;
  bool drops() const;
  /** "01:00:00:00" of a frame of the video; with a semicolon where frame numbers are dropped. */
  std::string timecode(gint64 frame) const;
  /** The same frames, of which the first is at a full hour. */
  FrameCount from_hour(guint hour) const;

 private:
  using TimeCodePointer = std::shared_ptr<GstVideoTimeCode>;
  FrameCount(TimeCodePointer first, GstClockTime begin) : first_(std::move(first)), begin_(begin) {}

  TimeCodePointer first_;
  GstClockTime begin_;
};
