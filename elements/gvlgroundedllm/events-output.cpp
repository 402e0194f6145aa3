/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events-output.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <optional>
#include <thread>

#include "gvlevent.h"
#include "gvlguard.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_grounded_llm_debug);
#define GST_CAT_DEFAULT gvl_grounded_llm_debug

namespace gvl::gst {

namespace {

// What blocks this pad blocks nobody else for longer.
constexpr std::chrono::seconds kLongestWait(1);
// But at the video's end: what a slow encoder beside it holds up is not to be lost.
constexpr std::chrono::seconds kLongestWaitAtEnd(4);
// And what is in a queue behind the pad: a muxer drops what has not reached it when the video ends, and keeps it
// waiting there until then.
constexpr std::chrono::milliseconds kLongestWaitForQueues(500);

// The largest that is counted.
constexpr auto kLastOffset = static_cast<double>(G_MAXINT64);

// Also beyond the segment's ends; GST_CLOCK_TIME_NONE where the segment does not say.
GstClockTime stream_time_of(const GstSegment& segment, GstClockTime position) {
  guint64 time = 0;
  if (!GST_CLOCK_TIME_IS_VALID(position)) return GST_CLOCK_TIME_NONE;
  const int sign = gst_segment_to_stream_time_full(&segment, GST_FORMAT_TIME, position, &time);
  return sign > 0 ? time : sign < 0 ? 0 : GST_CLOCK_TIME_NONE;
}

// The video's segment, counted in stream time: its positions are the file's own times, and each has the running time
// that the video has there. An encoder of captions reads positions, all that is shown beside the video running times.
GstSegment in_stream_time(const GstSegment& video) {
  GstSegment segment = video;
  auto start = stream_time_of(video, video.start), stop = stream_time_of(video, video.stop);
  if (video.applied_rate < 0) std::swap(start, stop);
  segment.start = segment.time = segment.position = GST_CLOCK_TIME_IS_VALID(start) ? start : 0;
  segment.stop = stop;
  // The product may be too large or too small for a number.
  const double rate = video.rate * video.applied_rate, speed = std::abs(video.applied_rate);
  segment.rate = std::isnormal(rate) ? rate : std::copysign(1.0, rate);
  // What plays backwards counts from its stop.
  if (!GST_CLOCK_TIME_IS_VALID(stop)) segment.rate = std::abs(segment.rate);
  segment.applied_rate = 1;
  const double offset = static_cast<double>(video.offset) * speed;
  if (speed != 1) segment.offset = offset < kLastOffset ? static_cast<guint64>(offset) : G_MAXINT64;
  return segment;
}

}  // namespace

struct EventsOutput::Item {
  enum class Kind { kEvent, kGap, kStreamStart, kEos };

  Kind kind;
  std::optional<Delivery> delivery = {};
  GstSegment segment = {};                   // the video's
  GstClockTime start = GST_CLOCK_TIME_NONE;  // of a gap, in the segment
  GstClockTime stop = GST_CLOCK_TIME_NONE;
};

/** The queue and the thread that empties it. The thread keeps it alive; members are thread safe. */
class EventsOutput::Sender : public std::enable_shared_from_this<Sender> {
 public:
  explicit Sender(GstPad* pad) : pad_(GST_PAD(gst_object_ref(pad))) {}
  ~Sender() { gst_object_unref(pad_); }

  void start();
  /** Nothing more is sent, but for a push that is under way. Waits for that, for a second at most. */
  void stop();

  void enqueue(Item item);
  void wait_sent();

  /** Forgets what waits to be sent, and takes nothing until resume(). The pad is flushing: no push takes long. */
  void flush();
  void resume();

 private:
  using Kind = Item::Kind;

  void run();
  bool dequeue(Item* item);
  void sent();
  bool in_own_thread() const { return thread_.get_id() == std::this_thread::get_id(); }

  void process(const Item& item);
  void drain();
  void open_stream();
  void negotiate();
  void set_segment(const GstSegment& video);
  void push_gap(const Item& item);
  GstBuffer* buffer_of(const Delivery& delivery) const;

  GstPad* pad_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool flushing_ = false;
  bool stopping_ = false;
  bool sending_ = false;
  bool draining_ = false;  // all is sent, and what is behind the pad still handles it
  bool ended_ = false;

  // Of the thread; a flush waits until that sends nothing.
  bool opened_ = false;
  bool json_ = false;
  std::optional<GstSegment> segment_;  // the video's, of which ours was made
};

void EventsOutput::Sender::start() {
  std::lock_guard lock(mutex_);  // the thread may ask for itself
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
  pthread_setname_np(thread_.native_handle(), "gvl-events");
}

void EventsOutput::Sender::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  queue_.clear();
  changed_.notify_all();
  const bool ended = !in_own_thread() && changed_.wait_for(lock, kLongestWait, [this] { return ended_; });
  if (ended)
    thread_.join();
  else
    thread_.detach();
}

void EventsOutput::Sender::enqueue(Item item) {
  std::lock_guard lock(mutex_);
  if (flushing_ || stopping_) return;
  const bool joins = item.kind == Kind::kGap && !queue_.empty() && queue_.back().kind == Kind::kGap &&
                     gst_segment_is_equal(&queue_.back().segment, &item.segment);
  if (joins) {
    auto& last = queue_.back();
    last.start = std::min(last.start, item.start);
    last.stop = std::max(last.stop, item.stop);
    return;
  }
  queue_.push_back(std::move(item));
  changed_.notify_all();
}

void EventsOutput::Sender::wait_sent() {
  std::unique_lock lock(mutex_);
  const auto sent = [this] { return flushing_ || stopping_ || (queue_.empty() && !sending_); };
  changed_.wait_for(lock, kLongestWaitAtEnd, [&] { return sent() || draining_; });
  changed_.wait_for(lock, kLongestWaitForQueues, sent);
}

void EventsOutput::Sender::flush() {
  std::unique_lock lock(mutex_);
  flushing_ = true;
  queue_.clear();
  changed_.notify_all();
  // An application may seek where a message reaches it, in whatever thread that is.
  if (!in_own_thread()) changed_.wait(lock, [this] { return !sending_ || stopping_; });
  segment_.reset();
}

void EventsOutput::Sender::resume() {
  std::lock_guard lock(mutex_);
  flushing_ = false;
}

bool EventsOutput::Sender::dequeue(Item* item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (stopping_) return false;
  *item = std::move(queue_.front());
  queue_.pop_front();
  sending_ = true;
  return true;
}

void EventsOutput::Sender::sent() {
  std::lock_guard lock(mutex_);
  sending_ = false;
  changed_.notify_all();
}

void EventsOutput::Sender::run() {
  Item item{Kind::kEos};
  while (dequeue(&item)) {
    guard(pad_, "sending an event", [&] { process(item); });
    sent();
  }
  std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void EventsOutput::Sender::process(const Item& item) {
  if (item.kind == Kind::kStreamStart) {
    opened_ = false;
    return;
  }
  open_stream();
  switch (item.kind) {
    case Kind::kEos:
      drain();
      gst_pad_push_event(pad_, gst_event_new_eos());
      break;
    case Kind::kGap:
      push_gap(item);
      break;
    case Kind::kEvent: {
      set_segment(item.segment);
      if (gst_pad_check_reconfigure(pad_)) negotiate();
      const auto result = gst_pad_push(pad_, buffer_of(*item.delivery));
      GST_LOG_OBJECT(pad_, "pushed an event: %s", gst_flow_get_name(result));
      break;
    }
    case Kind::kStreamStart:
      break;
  }
}

// A serialized query passes queues behind what is in them.
void EventsOutput::Sender::drain() {
  const auto set = [this](bool draining) {
    std::lock_guard lock(mutex_);
    draining_ = draining;
    changed_.notify_all();
  };
  set(true);
  GstQuery* query = gst_query_new_drain();
  gst_pad_peer_query(pad_, query);
  gst_query_unref(query);
  set(false);
}

void EventsOutput::Sender::open_stream() {
  if (opened_) return;
  GstElement* element = gst_pad_get_parent_element(pad_);
  if (!element) return;  // it was released
  opened_ = true;
  segment_.reset();
  gchar* stream_id = gst_pad_create_stream_id(pad_, element, "events");
  GstEvent* start = gst_event_new_stream_start(stream_id);
  g_free(stream_id);
  gst_event_set_stream_flags(start, GST_STREAM_FLAG_SPARSE);
  GstPad* sink = gst_element_get_static_pad(element, "sink");
  guint group = GST_GROUP_ID_INVALID;
  if (GstEvent* video = gst_pad_get_sticky_event(sink, GST_EVENT_STREAM_START, 0)) {
    if (gst_event_parse_group_id(video, &group)) gst_event_set_group_id(start, group);
    gst_event_unref(video);
  }
  gst_object_unref(sink);
  gst_object_unref(element);
  gst_pad_push_event(pad_, start);
  negotiate();
}

void EventsOutput::Sender::negotiate() {
  GstCaps* offered = gst_pad_get_pad_template_caps(pad_);
  GstCaps* wanted = gst_pad_peer_query_caps(pad_, offered);
  if (gst_caps_is_empty(wanted)) gst_caps_replace(&wanted, offered);
  GstCaps* caps = gst_caps_fixate(gst_caps_truncate(gst_caps_ref(wanted)));
  json_ = gst_structure_has_name(gst_caps_get_structure(caps, 0), "application/x-json");
  GstCaps* current = gst_pad_get_current_caps(pad_);
  if (!current || !gst_caps_is_equal(current, caps)) gst_pad_push_event(pad_, gst_event_new_caps(caps));
  gst_clear_caps(&current);
  gst_caps_unref(caps);
  gst_caps_unref(wanted);
  gst_caps_unref(offered);
}

void EventsOutput::Sender::set_segment(const GstSegment& video) {
  if (segment_ && gst_segment_is_equal(&*segment_, &video)) return;
  segment_ = video;
  const auto segment = in_stream_time(video);
  gst_pad_push_event(pad_, gst_event_new_segment(&segment));
}

void EventsOutput::Sender::push_gap(const Item& item) {
  set_segment(item.segment);
  const auto [start, stop] =
      std::minmax({stream_time_of(item.segment, item.start), stream_time_of(item.segment, item.stop)});
  if (GST_CLOCK_TIME_IS_VALID(stop)) gst_pad_push_event(pad_, gst_event_new_gap(start, stop - start));
}

GstBuffer* EventsOutput::Sender::buffer_of(const Delivery& delivery) const {
  const GstStructure* event = delivery.event.get();
  guint64 start = 0, stop = 0;
  gst_structure_get(event, "window-start", G_TYPE_UINT64, &start, "window-stop", G_TYPE_UINT64, &stop, nullptr);
  gst_structure_get_uint64(event, "start", &start);
  gst_structure_get_uint64(event, "stop", &stop);
  gchar* content;
  if (json_) {
    gchar* line = gvl_event_to_json(event);
    // One object per line, so that a file of them is JSON Lines.
    content = g_strconcat(line, "\n", nullptr);
    g_free(line);
  } else {
    content = g_strdup(gst_structure_get_string(event, "text"));
  }
  GstBuffer* buffer = gst_buffer_new_wrapped(content, strlen(content));
  GST_BUFFER_PTS(buffer) = start;
  GST_BUFFER_DURATION(buffer) = stop - start;
  return buffer;
}

// ---- the pad ----------------------------------------------------------------------------------------------------

EventsOutput::EventsOutput(GstPadTemplate* pad_template) : pad_(gst_pad_new_from_template(pad_template, "events")) {
  gst_object_ref(pad_);
  gst_pad_set_element_private(pad_, this);
  gst_pad_set_activatemode_function(pad_, GST_DEBUG_FUNCPTR(guarded<activate_mode>));
  gst_pad_set_iterate_internal_links_function(pad_, GST_DEBUG_FUNCPTR(guarded<internal_links>));
  gst_pad_set_query_function(pad_, GST_DEBUG_FUNCPTR(guarded<query>));
}

EventsOutput::~EventsOutput() {
  gst_pad_set_element_private(pad_, nullptr);
  stop();
  gst_object_unref(pad_);
}

gboolean EventsOutput::activate_mode(GstPad* pad, GstObject*, GstPadMode mode, gboolean active) {
  auto* self = static_cast<EventsOutput*>(gst_pad_get_element_private(pad));
  if (mode != GST_PAD_MODE_PUSH || (!self && active)) return FALSE;
  if (!self) return TRUE;
  if (active)
    self->start();
  else
    self->stop();
  return TRUE;
}

// Events from behind this pad (a seek, say) reach the video by its own pad.
GstIterator* EventsOutput::internal_links(GstPad*, GstObject*) { return nullptr; }

gboolean EventsOutput::query(GstPad* pad, GstObject* parent, GstQuery* query) {
  const auto type = GST_QUERY_TYPE(query);
  if (type != GST_QUERY_LATENCY && type != GST_QUERY_DURATION && type != GST_QUERY_POSITION)
    return gst_pad_query_default(pad, parent, query);
  GstPad* sink = gst_element_get_static_pad(GST_ELEMENT(parent), "sink");
  const gboolean answered = gst_pad_peer_query(sink, query);
  gst_object_unref(sink);
  return answered;
}

void EventsOutput::start() {
  const auto sender = std::make_shared<Sender>(pad_);
  sender->start();
  std::lock_guard lock(mutex_);
  sender_ = sender;
}

void EventsOutput::stop() {
  std::shared_ptr<Sender> sender;
  {
    std::lock_guard lock(mutex_);
    sender.swap(sender_);
  }
  if (sender) sender->stop();
}

std::shared_ptr<EventsOutput::Sender> EventsOutput::sender() const {
  std::lock_guard lock(mutex_);
  return sender_;
}

void EventsOutput::enqueue(Item item) {
  if (const auto sender = this->sender()) sender->enqueue(std::move(item));
}

void EventsOutput::send(Delivery delivery) {
  const auto segment = delivery.segment;
  enqueue({Item::Kind::kEvent, std::move(delivery), segment});
}

void EventsOutput::gap(GstClockTime timestamp, GstClockTime duration, const GstSegment& segment) {
  if (!GST_CLOCK_TIME_IS_VALID(timestamp)) return;
  const auto stop = timestamp + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  enqueue({Item::Kind::kGap, std::nullopt, segment, timestamp, stop});
}

void EventsOutput::restart() { enqueue({Item::Kind::kStreamStart}); }

void EventsOutput::end() { enqueue({Item::Kind::kEos}); }

void EventsOutput::wait_sent() {
  if (const auto sender = this->sender()) sender->wait_sent();
}

void EventsOutput::flush_start(GstEvent* event) {
  gst_pad_push_event(pad_, gst_event_ref(event));
  if (const auto sender = this->sender()) sender->flush();
}

void EventsOutput::flush_stop(GstEvent* event) {
  gst_pad_push_event(pad_, gst_event_ref(event));
  if (const auto sender = this->sender()) sender->resume();
}

}  // namespace gvl::gst
