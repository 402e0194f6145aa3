/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "gvl/future.hpp"
#include "gvl/task.hpp"
#include "gvlflow.hpp"
#include "timeline/event_assembler.hpp"

namespace gvl::gst {

/** A window that was handed to the model. */
struct AskedWindow : timeline::AnsweredWindow {
  GstSegment segment;              ///< of the video when the window arrived
  std::shared_ptr<Ticket> ticket;  ///< may be null
};

/** One gvl-event on its way to the streaming thread. */
struct Delivery {
  std::shared_ptr<GstStructure> event;
  GstSegment segment;
};

/**
 * The answers that are awaited, in order. As soon as the first of them is there its events are posted on the bus, by
 * the thread that computed it, but for those that a later window may say more about (EventAssembler); the streaming
 * thread fetches them to send them downstream. One queue serves from one
 * flush (or start) to the next. All members are thread safe.
 */
class AnswerQueue : public std::enable_shared_from_this<AnswerQueue> {
 public:
  /** Counts what it delivers in `next_id`, which outlives it. */
  AnswerQueue(GstElement* element, std::shared_ptr<std::atomic<guint64>> next_id)
      : element_(element), next_id_(std::move(next_id)) {
    gst_segment_init(&segment_, GST_FORMAT_TIME);
  }

  /** Awaits the answers to one window's queries. */
  void add(const AskedWindow& window, const std::vector<Future<Answer>>& answers);

  /**
   * Posts the events that were held back for later windows to say more about: there are none. To be called once nothing
   * is awaited.
   */
  void finish();

  /** The events to send downstream: those of the answers that came since the last call. */
  std::vector<Delivery> take();

  /** Waits until there is something to take() or nothing is awaited any more. False in the latter case, and once
   *  closed. */
  bool wait();

  /** Nothing is posted after its return, and nobody waits. */
  void close();

  std::size_t awaited() const;

  /** An answer could not be had, and somebody posted the error. */
  bool failed() const;

 private:
  struct Awaited {
    AskedWindow window;
    Future<Answer> answer;
    Ticket::Hold hold;
  };

  void advance_or_fail() noexcept;
  void advance();
  void answered(const Awaited& awaited);
  Delivery deliver(const timeline::GroundedEvent& event, const GstSegment& segment);
  void post(const std::vector<Delivery>& events);

  GstElement* element_;  // not owned: close() comes before the element goes away
  std::shared_ptr<std::atomic<guint64>> next_id_;
  // Keeps the order of messages; taken before mutex_. An application may seek, and so close(), in its synchronous
  // message handler.
  std::recursive_mutex posting_;
  timeline::EventAssembler assembler_;  // guarded by posting_, like the next
  GstSegment segment_;                  // of the last window that was answered
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Awaited> awaited_;
  std::vector<Delivery> posted_;
  bool closed_ = false;
  bool failed_ = false;
};

}  // namespace gvl::gst
