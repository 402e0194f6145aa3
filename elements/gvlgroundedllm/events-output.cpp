/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events-output.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include "gvlevent.h"
#include "gvlguard.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_grounded_llm_debug);
#define GST_CAT_DEFAULT gvl_grounded_llm_debug

namespace gvl::gst {

namespace {

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
  segment.rate = video.rate * video.applied_rate;
  segment.applied_rate = 1;
  const double speed = std::abs(video.applied_rate);
  if (speed != 1) segment.offset = static_cast<guint64>(static_cast<double>(video.offset) * speed);
  return segment;
}

}  // namespace

EventsOutput::EventsOutput(GstElement* element, GstPadTemplate* pad_template)
    : element_(element), pad_(gst_pad_new_from_template(pad_template, "events")) {
  gst_object_ref(pad_);
  gst_pad_set_element_private(pad_, this);
  gst_pad_set_activatemode_function(pad_, guarded<activate_mode>);
  gst_pad_set_iterate_internal_links_function(pad_, guarded<internal_links>);
  gst_pad_set_query_function(pad_, guarded<query>);
}

EventsOutput::~EventsOutput() { gst_object_unref(pad_); }

gboolean EventsOutput::activate_mode(GstPad* pad, GstObject*, GstPadMode mode, gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  auto* self = static_cast<EventsOutput*>(gst_pad_get_element_private(pad));
  self->set_flushing(!active);
  if (active) return gst_pad_start_task(pad, loop, self, nullptr);
  const gboolean stopped = gst_pad_stop_task(pad);
  self->opened_ = false;
  self->segment_.reset();
  return stopped;
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

void EventsOutput::set_flushing(bool flushing) {
  std::lock_guard lock(mutex_);
  flushing_ = flushing;
  if (flushing) queue_.clear();
  changed_.notify_all();
}

void EventsOutput::enqueue(Item item) {
  std::lock_guard lock(mutex_);
  if (flushing_) return;
  queue_.push_back(std::move(item));
  changed_.notify_all();
}

bool EventsOutput::dequeue(Item* item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return flushing_ || !queue_.empty(); });
  if (flushing_) return false;
  *item = std::move(queue_.front());
  queue_.pop_front();
  sending_ = true;
  return true;
}

void EventsOutput::send(Delivery delivery) {
  const auto segment = delivery.segment;
  enqueue({Kind::kEvent, std::move(delivery), segment});
}

void EventsOutput::gap(GstClockTime timestamp, GstClockTime duration, const GstSegment& segment) {
  if (!GST_CLOCK_TIME_IS_VALID(timestamp)) return;
  const auto stop = timestamp + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  {
    std::lock_guard lock(mutex_);
    if (!queue_.empty() && queue_.back().kind == Kind::kGap && gst_segment_is_equal(&queue_.back().segment, &segment)) {
      auto& last = queue_.back();
      last.start = std::min(last.start, timestamp);
      last.stop = std::max(last.stop, stop);
      return;
    }
  }
  enqueue({Kind::kGap, std::nullopt, segment, timestamp, stop});
}

void EventsOutput::restart() { enqueue({Kind::kStreamStart, std::nullopt, {}}); }

void EventsOutput::end() { enqueue({Kind::kEos, std::nullopt, {}}); }

void EventsOutput::wait_sent() {
  constexpr std::chrono::seconds longest(1);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, longest, [this] { return flushing_ || (queue_.empty() && !sending_); });
}

void EventsOutput::sent() {
  std::lock_guard lock(mutex_);
  sending_ = false;
  changed_.notify_all();
}

void EventsOutput::flush_start(GstEvent* event) {
  gst_pad_push_event(pad_, gst_event_ref(event));
  set_flushing(true);
  gst_pad_pause_task(pad_);
}

void EventsOutput::flush_stop(GstEvent* event) {
  segment_.reset();
  gst_pad_push_event(pad_, gst_event_ref(event));
  set_flushing(false);
  gst_pad_start_task(pad_, loop, this, nullptr);
}

void EventsOutput::loop(gpointer data) {
  auto* self = static_cast<EventsOutput*>(data);
  Item item;
  if (!self->dequeue(&item)) {
    gst_pad_pause_task(self->pad_);
    return;
  }
  guard(self->pad_, "sending an event", [&] { self->process(item); });
  self->sent();
}

void EventsOutput::process(const Item& item) {
  if (item.kind == Kind::kStreamStart) {
    opened_ = false;
    return;
  }
  open_stream();
  switch (item.kind) {
    case Kind::kEos:
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

void EventsOutput::open_stream() {
  if (opened_) return;
  opened_ = true;
  segment_.reset();
  gchar* stream_id = gst_pad_create_stream_id(pad_, element_, "events");
  GstEvent* start = gst_event_new_stream_start(stream_id);
  g_free(stream_id);
  gst_event_set_stream_flags(start, GST_STREAM_FLAG_SPARSE);
  GstPad* sink = gst_element_get_static_pad(element_, "sink");
  guint group = GST_GROUP_ID_INVALID;
  if (GstEvent* video = gst_pad_get_sticky_event(sink, GST_EVENT_STREAM_START, 0)) {
    if (gst_event_parse_group_id(video, &group)) gst_event_set_group_id(start, group);
    gst_event_unref(video);
  }
  gst_object_unref(sink);
  gst_pad_push_event(pad_, start);
  negotiate();
}

void EventsOutput::negotiate() {
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

void EventsOutput::set_segment(const GstSegment& video) {
  if (segment_ && gst_segment_is_equal(&*segment_, &video)) return;
  segment_ = video;
  const auto segment = in_stream_time(video);
  gst_pad_push_event(pad_, gst_event_new_segment(&segment));
}

void EventsOutput::push_gap(const Item& item) {
  set_segment(item.segment);
  const auto [start, stop] =
      std::minmax({stream_time_of(item.segment, item.start), stream_time_of(item.segment, item.stop)});
  if (GST_CLOCK_TIME_IS_VALID(stop)) gst_pad_push_event(pad_, gst_event_new_gap(start, stop - start));
}

GstBuffer* EventsOutput::buffer_of(const Delivery& delivery) const {
  const GstStructure* event = delivery.event.get();
  guint64 start = 0, stop = 0;
  if (!gst_structure_get(event, "start", G_TYPE_UINT64, &start, "stop", G_TYPE_UINT64, &stop, nullptr))
    gst_structure_get(event, "window-start", G_TYPE_UINT64, &start, "window-stop", G_TYPE_UINT64, &stop, nullptr);
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

}  // namespace gvl::gst
