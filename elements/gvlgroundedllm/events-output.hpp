/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "answer-queue.hpp"

namespace gvl::gst {

/**
 * The `events` pad: sends gvl-events as buffers, from a task of its own with a queue before it, so that what comes
 * after it never blocks the video. Gaps between events are told as GAP events, at the video's pace. Timestamps are
 * stream time, in a segment that gives them the video's running time. Lives as long as the pad; members are thread
 * safe.
 */
class EventsOutput {
 public:
  /** Makes the pad; the element adds it. */
  EventsOutput(GstElement* element, GstPadTemplate* pad_template);
  ~EventsOutput();

  GstPad* pad() const { return pad_; }

  void send(Delivery delivery);
  /** No event begins in this time of the video. Replaces a gap that still waits to be sent. */
  void gap(GstClockTime timestamp, GstClockTime duration, const GstSegment& segment);
  /** A new stream begins. */
  void restart();
  void end();

  /**
   * Waits until all that was given is sent, for a second at most: a muxer has no use for what comes after the video's
   * end, and one that blocks this pad until the video goes on must not block it.
   */
  void wait_sent();

  /** FLUSH_START and FLUSH_STOP, passed on (transfer none). */
  void flush_start(GstEvent* event);
  void flush_stop(GstEvent* event);

 private:
  enum class Kind { kEvent, kGap, kStreamStart, kEos };
  struct Item {
    Kind kind;
    std::optional<Delivery> delivery;
    GstSegment segment;
    GstClockTime start = GST_CLOCK_TIME_NONE;  // of a gap
    GstClockTime stop = GST_CLOCK_TIME_NONE;
  };

  static gboolean activate_mode(GstPad* pad, GstObject* parent, GstPadMode mode, gboolean active);
  static GstIterator* internal_links(GstPad* pad, GstObject* parent);
  static gboolean query(GstPad* pad, GstObject* parent, GstQuery* query);
  static void loop(gpointer self);

  void set_flushing(bool flushing);
  void enqueue(Item item);
  bool dequeue(Item* item);
  void process(const Item& item);
  void sent();
  void open_stream();
  void negotiate();
  void set_segment(const GstSegment& video);
  void push_gap(const Item& item);
  GstBuffer* buffer_of(const Delivery& delivery) const;

  GstElement* element_;
  GstPad* pad_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool flushing_ = true;
  bool sending_ = false;

  // Of the task, but for a flush, when the task is paused.
  bool opened_ = false;
  bool json_ = false;
  std::optional<GstSegment> segment_;  // the video's, of which ours was made
};

}  // namespace gvl::gst
