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

using timeline::Finding;
using timeline::findings_of;
using timeline::IntervalMerger;

namespace {

void log(const Finding& finding, const AskedWindow& window, const std::string& query) {
  GST_LOG("window %" G_GUINT64_FORMAT ", \"%s\": %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT ", confidence %.3f",
          window.index, query.c_str(), GST_TIME_ARGS(to_clock_time(finding.start)),
          GST_TIME_ARGS(to_clock_time(finding.stop)), finding.confidence);
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
      if (const auto self = weak.lock()) self->advance_or_fail();
    });
}

// For who gives an answer, who wants to hear of no failure here: it ends the stream, and nobody waits any more.
void AnswerQueue::advance_or_fail() noexcept {
  std::lock_guard posting(posting_);
  try {
    advance();
  } catch (...) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      closed_ = failed_ = true;
      changed_.notify_all();
    }
    report_caught(element_, "taking up an answer");
  }
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
    answered(first);
    first.hold.reset();
    std::lock_guard lock(mutex_);
    if (closed_) return;
    awaited_.pop_front();
    changed_.notify_all();
  }
}

void AnswerQueue::answered(const Awaited& awaited) {
  const auto& window = awaited.window;
  std::vector<Delivery> events;
  try {
    const Answer& answer = awaited.answer.get();
    // Times of another session are others: what was held back is all that there is to know.
    if (std::exchange(session_, window.session) != window.session)
      for (const auto& event : merger_.finish()) found(event, events);
    segment_ = window.segment;
    if (answer.query.task == Task::kQuestion || answer.intervals.empty()) answered_in_words(answer, window, events);
    IntervalMerger by_itself;
    auto& merger = window.alone ? by_itself : merger_;
    min_confidence_ = window.min_confidence;
    const auto findings = findings_of(answer, window);
    for (const auto& finding : findings) log(finding, window, answer.query.text);
    for (const auto& event : merger.add(window, {answer.query.task, answer.query.text}, findings)) found(event, events);
    for (const auto& event : by_itself.finish()) found(event, events);
  } catch (...) {
    const auto failure = std::current_exception();
    Flow* flow = window.ticket ? window.ticket->flow().get() : nullptr;
    if (is_cancelled(failure)) return;
    if (!flow || flow->fail()) post_error(element_, failure, "answering about window " + std::to_string(window.index));
    std::lock_guard lock(mutex_);
    failed_ = true;
    return;
  }
  post(events);
}

void AnswerQueue::finish() {
  std::lock_guard posting(posting_);
  std::vector<Delivery> events;
  for (const auto& event : merger_.finish()) found(event, events);
  post(events);
}

void AnswerQueue::post(const std::vector<Delivery>& events) {
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

void AnswerQueue::answered_in_words(const Answer& answer, const AskedWindow& window, std::vector<Delivery>& events) {
  GstStructure* event =
      gvl_event_new((*next_id_)++, std::string(name_of(answer.query.task)).c_str(), answer.query.text.c_str(),
                    answer.text_seconds.c_str(), GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, answer.confidence,
                    to_clock_time(window.start), to_clock_time(window.stop));
  events.push_back({std::shared_ptr<GstStructure>(event, gst_structure_free), window.segment});
}

void AnswerQueue::found(const IntervalMerger::Event& event, std::vector<Delivery>& events) {
  const auto& [task, query] = event.query;
  const auto& finding = event.finding;
  if (finding.confidence < min_confidence_) return;
  const std::string text = finding.joined && task == Task::kGrounding ? timeline::in_words(finding) : finding.text;
  GstStructure* made = gvl_event_new((*next_id_)++, std::string(name_of(task)).c_str(), query.c_str(), text.c_str(),
                                     to_clock_time(finding.start), to_clock_time(finding.stop), finding.confidence,
                                     to_clock_time(finding.window_start), to_clock_time(finding.window_stop));
  events.push_back({std::shared_ptr<GstStructure>(made, gst_structure_free), segment_});
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
