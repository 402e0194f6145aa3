/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer-queue.hpp"

#include <string>
#include <utility>

#include "gvlerror.hpp"
#include "gvlevent.h"
#include "gvltime.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_grounded_llm_debug);
#define GST_CAT_DEFAULT gvl_grounded_llm_debug

namespace gvl::gst {

namespace {

void log(const Answer& answer, const AskedWindow& window) {
  for (const auto& finding : timeline::findings_of(answer, window))
    GST_LOG("window %" G_GUINT64_FORMAT ", \"%s\": %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT ", confidence %.3f",
            window.index, answer.query.text.c_str(), GST_TIME_ARGS(to_clock_time(finding.start)),
            GST_TIME_ARGS(to_clock_time(finding.stop)), finding.confidence);
}

}  // namespace

void AnswerQueue::add(const AskedWindow& window, const std::vector<Future<Answer>>& answers) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    for (const auto& answer : answers)
      awaited_.push_back(
          {window, answer, window.in_flight ? window.in_flight->hold(InFlight::Kind::kWindow, window.index) : nullptr});
  }
  for (const auto& answer : answers)
    answer.when_ready([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->advance();
    });
}

void AnswerQueue::advance() {
  std::lock_guard lock(mutex_);
  while (!closed_ && !awaited_.empty() && awaited_.front().answer.ready()) {
    const Awaited first = std::move(awaited_.front());
    awaited_.pop_front();
    take_up(first);
  }
  changed_.notify_all();
}

// Who gives an answer wants to hear of no failure here: it ends the stream, and nobody waits any more.
void AnswerQueue::take_up(const Awaited& awaited) {
  try {
    answered(awaited);
  } catch (...) {
    const auto failure = std::current_exception();
    if (is_cancelled(failure)) return;
    stream_.report(failure, "answering about window " + std::to_string(awaited.window.index));
    closed_ = true;
    posted_.clear();
  }
}

void AnswerQueue::answered(const Awaited& awaited) {
  const auto& window = awaited.window;
  const Answer& answer = awaited.answer.get();
  log(answer, window);
  std::vector<Delivery> events;
  // What was held back of the session before has that one's times.
  for (const auto& event : assembler_.add(window, answer))
    events.push_back(deliver(event, event.session == window.session ? window.segment : segment_));
  segment_ = window.segment;
  post(events);
}

void AnswerQueue::finish() {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  std::vector<Delivery> events;
  for (const auto& event : assembler_.finish()) events.push_back(deliver(event, segment_));
  post(events);
}

void AnswerQueue::post(const std::vector<Delivery>& events) {
  posted_.insert(posted_.end(), events.begin(), events.end());
  for (const auto& delivery : events)
    stream_.post(gst_message_new_element(GST_OBJECT(element_), gst_structure_copy(delivery.event.get())));
}

Delivery AnswerQueue::deliver(const timeline::GroundedEvent& event, const GstSegment& segment) {
  GstStructure* made =
      gvl_event_new(next_id_++, std::string(name_of(event.task)).c_str(), event.query.c_str(), event.text.c_str(),
                    to_clock_time(event.start), to_clock_time(event.stop), event.confidence,
                    to_clock_time(event.window_start), to_clock_time(event.window_stop));
  return {std::shared_ptr<GstStructure>(made, gst_structure_free), segment};
}

std::vector<Delivery> AnswerQueue::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(posted_, {});
}

bool AnswerQueue::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !posted_.empty() || awaited_.empty(); });
  return !closed_ && !posted_.empty();
}

void AnswerQueue::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  awaited_.clear();
  posted_.clear();
  changed_.notify_all();
}

std::size_t AnswerQueue::awaited() const {
  std::lock_guard lock(mutex_);
  return awaited_.size();
}

}  // namespace gvl::gst
