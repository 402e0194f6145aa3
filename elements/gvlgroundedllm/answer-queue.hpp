/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "event-origin.hpp"
#include "gvl/future.hpp"
#include "gvl/task.hpp"
#include "gvlinflight.hpp"
#include "gvlmodelstream.hpp"
#include "timeline/event_feed.hpp"

namespace gvl::gst {

/** A window that was handed to the model. */
struct AskedWindow : timeline::FedWindow {
  std::shared_ptr<const StreamOrigin> stream;  ///< that it is of
  GstSegment segment;                          ///< of the video when the window arrived
  guint64 ask_id = 0;                          ///< of what an application asks in between; 0: of no such
  std::shared_ptr<InFlight> in_flight;         ///< where the window counts until it is answered; may be null
};

/** One gvl-event or gvl-answer on its way to the streaming thread. */
struct Delivery {
  enum class Kind { kClosed, kOpen, kWords, kNotFound };  // by the numbers of GvlPadEvents' bits

  std::shared_ptr<GstStructure> event;
  GstSegment segment;
  Kind kind = Kind::kClosed;  ///< kOpen: all that is told of an event before it is closed, or withdrawn
};

/** What became of what windows said, since the start. */
struct AnswerStats {
  std::atomic<guint64> unsure{0}, not_found{0}, not_confirmed{0}, merged{0}, withdrawn{0};

  void count(timeline::Verdict verdict);
  void reset() { unsure = not_found = not_confirmed = merged = withdrawn = 0; }
};

/**
 * The answers that are awaited, in order. As soon as the first of them is there its events are posted on the bus, but
 * for those that a later window may say more about (EventFeed); the streaming thread fetches them to send them
 * downstream. One queue serves from one flush (or start) to the next. All members are thread safe.
 */
class AnswerQueue : public std::enable_shared_from_this<AnswerQueue> {
 public:
  /** Numbers what it delivers by `next_id`. Nothing of these is used after close(). */
  AnswerQueue(GstElement* element, ModelStream& stream, const EventOrigin& origin, std::atomic<guint64>& next_id,
              AnswerStats& stats)
      : element_(element), stream_(stream), origin_(origin), stats_(stats), feed_([&next_id] { return next_id++; }) {
    gst_segment_init(&segment_, GST_FORMAT_TIME);
  }

  /** Awaits the answers to one window's queries. `explain`: says on the bus what becomes of each. */
  void add(const AskedWindow& window, const std::vector<Future<Answer>>& answers, bool explain);

  /** Whether answers about a provisional window are awaited: there is no use in asking about another one. */
  bool awaits_provisional() const;

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
    bool explain = false;
  };

  void advance();
  void take_up(const Awaited& awaited);
  void answered(const Awaited& awaited);
  void tell(const timeline::EventFeed::News& news);
  Delivery deliver(const timeline::EventNews& news);
  Delivery deliver(const timeline::WindowAnswer& answer);
  Delivery deliver(GstStructure* made, Delivery::Kind kind);
  void explain(const timeline::Judgement& judgement);
  void post(const std::vector<Delivery>& events);

  GstElement* element_;  // not owned, like the next two: close() comes before they go away
  ModelStream& stream_;
  const EventOrigin& origin_;
  AnswerStats& stats_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  timeline::EventFeed feed_;
  std::shared_ptr<const StreamOrigin> played_;  // of the last window that was answered, like the next four
  GstSegment segment_;
  std::uint64_t session_ = 0;
  bool explain_ = false;
  guint64 ask_id_ = 0;
  std::deque<Awaited> awaited_;
  std::vector<Delivery> posted_;
  bool closed_ = false;
};

}  // namespace gvl::gst
