/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer-queue.hpp"

#include <cmath>
#include <string>

#include "gvlerror.hpp"
#include "gvlevent.h"

namespace gvl::gst {

namespace {

GstClockTime time_in(const AskedWindow& window, double seconds) {
  const double duration = static_cast<double>(window.stop - window.start);
  const double offset = seconds * GST_SECOND;
  if (!(offset > 0)) return window.start;
  return offset >= duration ? window.stop : window.start + static_cast<GstClockTime>(std::llround(offset));
}

}  // namespace

void AnswerQueue::add(const AskedWindow& window, const std::vector<Future<Answer>>& answers) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    for (const auto& answer : answers)
      awaited_.push_back({window, answer, window.ticket ? window.ticket->hold() : nullptr});
  }
  for (const auto& answer : answers)
    answer.when_ready([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->advance();
    });
}

void AnswerQueue::advance() {
  std::lock_guard posting(posting_);
  for (;;) {
    Awaited first;
    {
      std::lock_guard lock(mutex_);
      if (closed_ || awaited_.empty() || !awaited_.front().answer.ready()) return;
      first = awaited_.front();
    }
    post(first);
    first.hold.reset();
    std::lock_guard lock(mutex_);
    if (closed_) return;
    awaited_.pop_front();
    changed_.notify_all();
  }
}

void AnswerQueue::post(const Awaited& awaited) {
  std::vector<Delivery> events;
  try {
    events = events_of(awaited);
  } catch (...) {
    const auto failure = std::current_exception();
    Flow* flow = awaited.window.ticket ? awaited.window.ticket->flow().get() : nullptr;
    if (is_cancelled(failure)) return;
    if (!flow || flow->fail())
      post_error(element_, failure, "answering about window " + std::to_string(awaited.window.index));
    std::lock_guard lock(mutex_);
    failed_ = true;
    return;
  }
  {
    // First, so that who hears of an event finds it before the next buffer.
    std::lock_guard lock(mutex_);
    if (closed_) return;
    posted_.insert(posted_.end(), events.begin(), events.end());
    changed_.notify_all();
  }
  for (const auto& delivery : events)
    gst_element_post_message(element_,
                             gst_message_new_element(GST_OBJECT(element_), gst_structure_copy(delivery.event.get())));
}

std::vector<Delivery> AnswerQueue::events_of(const Awaited& awaited) {
  const Answer& answer = awaited.answer.get();
  const auto& window = awaited.window;
  std::vector<Delivery> events;
  const auto add = [&](const std::string& text, GstClockTime start, GstClockTime stop, double confidence) {
    GstStructure* event =
        gvl_event_new((*next_id_)++, std::string(name_of(answer.query.task)).c_str(), answer.query.text.c_str(),
                      text.c_str(), start, stop, confidence, window.start, window.stop);
    events.push_back({std::shared_ptr<GstStructure>(event, gst_structure_free), window.segment});
  };
  if (answer.query.task == Task::kQuestion || answer.intervals.empty())
    add(answer.text_seconds, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, answer.confidence);
  else
    for (const auto& interval : answer.intervals) {
      if (interval.confidence < window.min_confidence) continue;
      add(interval.text.empty() ? answer.text_seconds : interval.text, time_in(window, interval.start),
          time_in(window, interval.stop), interval.confidence);
    }
  return events;
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
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  std::lock_guard posting(posting_);
  std::lock_guard lock(mutex_);
  awaited_.clear();
  posted_.clear();
}

bool AnswerQueue::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

std::size_t AnswerQueue::awaited() const {
  std::lock_guard lock(mutex_);
  return awaited_.size();
}

}  // namespace gvl::gst
