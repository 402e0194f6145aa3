/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>

/**
 * Watches the frames that come to a pad, and ends the stream there in order: with EOS between two frames, so that what
 * comes behind it tells all that it knows. Used from one thread.
 */
class Watch {
 public:
  /** It ends by itself once it has seen `longest` of the video. */
  Watch(GstPad* pad, GstClockTime longest);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /** Whether a frame has come. */
  bool has_begun() const { return first_at_ != 0; }
  /** When the first one is shown, in stream time; 0 where it does not say. */
  GstClockTime first_shown() const { return first_shown_; }
  /** How long none has come, since the beginning or the last one. */
  GstClockTime silence() const;
  /** How long ago the first one came; 0 when none has. */
  GstClockTime lasted() const;
  /** Asks for the end. To be called again until it has come: where no frame comes any more, `owner` of the pad sends
   * it. */
  void end(GstElement* owner);

 private:
  static GstPadProbeReturn on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer data);
  static void end_without_frame(GstElement* owner, gpointer data);
  void take_first(GstPad* pad, GstBuffer* buffer);
  bool is_behind(GstPad* pad, GstBuffer* buffer);

  GstPad* pad_;
  GstClockTime longest_;
  gulong probe_;
  GstClockTime first_ = GST_CLOCK_TIME_NONE;  ///< running time; of the streaming thread
  std::atomic<GstClockTime> first_shown_{0};
  std::atomic<gint64> began_at_, first_at_{0}, last_at_{0};  ///< monotonic microseconds
  std::atomic<bool> ending_{false};
  gint64 asked_at_ = 0;
};
