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
#include "gvlinflight.hpp"
#include "gvlmodelstream.hpp"
#include "timeline/event_assembler.hpp"

namespace gvl::gst {

/** A window that was handed to the model. */
struct AskedWindow : timeline::AnsweredWindow {
  GstSegment segment;                   ///< of the video when the window arrived
  std::shared_ptr<InFlight> in_flight;  ///< where the window counts until it is answered; may be null
};

/** One gvl-event on its way to the streaming thread. */
struct Delivery {
  std::shared_ptr<GstStructure> event;
  GstSegment segment;
};

/**
 * The answers that are awaited, in order. As soon as the first of them is there its events are posted on the bus, but
 * for those that a later window may say more about (EventAssembler); the streaming thread fetches them to send them
 * downstream. One queue serves from one flush (or start) to the next. All members are thread safe.
 */
class AnswerQueue : public std::enable_shared_from_this<AnswerQueue> {
 public:
  /** Numbers what it delivers by `next_id`. Nothing of these is used after close(). */
  AnswerQueue(GstElement* element, ModelStream& stream, std::atomic<guint64>& next_id)
      : element_(element), stream_(stream), next_id_(next_id) {
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

 private:
  struct Awaited {
    AskedWindow window;
    Future<Answer> answer;
    InFlight::Token token;
  };

  void advance();
  void take_up(const Awaited& awaited);
  void answered(const Awaited& awaited);
  Delivery deliver(const timeline::GroundedEvent& event, const GstSegment& segment);
  void post(const std::vector<Delivery>& events);

  GstElement* element_;  // not owned, like the next two: close() comes before they go away
  ModelStream& stream_;
  std::atomic<guint64>& next_id_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  timeline::EventAssembler assembler_;
  GstSegment segment_;  // of the last window that was answered
  std::deque<Awaited> awaited_;
  std::vector<Delivery> posted_;
  bool closed_ = false;
};

}  // namespace gvl::gst
