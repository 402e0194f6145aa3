/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>
#include <mutex>

#include "answer-queue.hpp"

namespace gvl::gst {

/**
 * The `events` pad: sends gvl-events as buffers, from a thread of its own with a queue before it, so that what comes
 * after it never blocks the video, nor who releases or stops it: a push that does not come back is left alone, and ends
 * when it does. Gaps between events are sent as GAP events, at the video's pace. Timestamps are stream time, in a
 * segment that gives them the video's running time. Lives as long as the pad; members are thread safe.
 */
class EventsOutput {
 public:
  /** Makes the pad; the element adds it. */
  explicit EventsOutput(GstPadTemplate* pad_template);
  ~EventsOutput();
  EventsOutput(const EventsOutput&) = delete;
  EventsOutput& operator=(const EventsOutput&) = delete;

  GstPad* pad() const { return pad_; }

  void send(Delivery delivery);
  /** No event begins in this time of the video. Joins a gap that still waits to be sent. */
  void gap(GstClockTime timestamp, GstClockTime duration, const GstSegment& segment);
  /** A new stream begins. */
  void restart();
  void end();

  /**
   * Waits until all that was given is sent, for some seconds at most: a muxer has no use for what comes after the
   * video's end, and one that blocks this pad until the video goes on must not block it.
   */
  void wait_sent();

  /** FLUSH_START and FLUSH_STOP, passed on (transfer none). */
  void flush_start(GstEvent* event);
  void flush_stop(GstEvent* event);

 private:
  struct Item;
  class Sender;

  static gboolean activate_mode(GstPad* pad, GstObject* parent, GstPadMode mode, gboolean active);
  static GstIterator* internal_links(GstPad* pad, GstObject* parent);
  static gboolean query(GstPad* pad, GstObject* parent, GstQuery* query);

  void start();
  void stop();
  std::shared_ptr<Sender> sender() const;
  void enqueue(Item item);

  GstPad* pad_;
  mutable std::mutex mutex_;
  std::shared_ptr<Sender> sender_;  // guarded by mutex_; one from the pad's activation to its end
};

}  // namespace gvl::gst
