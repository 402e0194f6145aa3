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
  std::vector<Delivery> events;
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
  post(events);
}

void AnswerQueue::finish() {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  std::vector<Delivery> events;
  for (const auto& event : merger_.finish()) found(event, events);
  post(events);
}

void AnswerQueue::post(const std::vector<Delivery>& events) {
  posted_.insert(posted_.end(), events.begin(), events.end());
  for (const auto& delivery : events)
    stream_.post(gst_message_new_element(GST_OBJECT(element_), gst_structure_copy(delivery.event.get())));
}

void AnswerQueue::answered_in_words(const Answer& answer, const AskedWindow& window, std::vector<Delivery>& events) {
  GstStructure* event =
      gvl_event_new(next_id_++, std::string(name_of(answer.query.task)).c_str(), answer.query.text.c_str(),
                    answer.text_seconds.c_str(), GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, answer.confidence,
                    to_clock_time(window.start), to_clock_time(window.stop));
  events.push_back({std::shared_ptr<GstStructure>(event, gst_structure_free), window.segment});
}

void AnswerQueue::found(const IntervalMerger::Event& event, std::vector<Delivery>& events) {
  const auto& [task, query] = event.query;
  const auto& finding = event.finding;
  if (finding.confidence < min_confidence_) return;
  const std::string text = finding.joined && task == Task::kGrounding ? timeline::in_words(finding) : finding.text;
  GstStructure* made = gvl_event_new(next_id_++, std::string(name_of(task)).c_str(), query.c_str(), text.c_str(),
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
