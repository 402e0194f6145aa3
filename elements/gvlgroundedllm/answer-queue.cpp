/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer-queue.hpp"

#include <algorithm>
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

void AnswerStats::count(timeline::Verdict verdict) {
  if (verdict == timeline::Verdict::kUnsure) unsure++;
  if (verdict == timeline::Verdict::kNotFound) not_found++;
  if (verdict == timeline::Verdict::kNotConfirmed) not_confirmed++;
  if (verdict == timeline::Verdict::kMerged) merged++;
}

void AnswerQueue::add(const AskedWindow& window, const std::vector<Future<Answer>>& answers, bool explain) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    for (const auto& answer : answers)
      awaited_.push_back({window, answer,
                          window.in_flight ? window.in_flight->hold(InFlight::Kind::kWindow, window.index) : nullptr,
                          explain});
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
  // What was held back of the session before has that one's times.
  ask_id_ = 0;
  if (window.session != session_) tell(feed_.finish());
  session_ = window.session;
  played_ = window.stream;
  segment_ = window.segment;
  explain_ = awaited.explain;
  ask_id_ = window.ask_id;
  tell(feed_.add(window, answer));
}

void AnswerQueue::finish() {
  std::lock_guard lock(mutex_);
  ask_id_ = 0;
  if (!closed_) tell(feed_.finish());
}

void AnswerQueue::tell(const timeline::EventFeed::News& news) {
  std::vector<Delivery> deliveries;
  for (const auto& judgement : news.judgements) explain(judgement);
  for (const auto& event : news.events) deliveries.push_back(deliver(event));
  if (news.answer) deliveries.push_back(deliver(*news.answer));
  post(deliveries);
}

void AnswerQueue::post(const std::vector<Delivery>& events) {
  posted_.insert(posted_.end(), events.begin(), events.end());
  for (const auto& delivery : events)
    stream_.post(gst_message_new_element(GST_OBJECT(element_), gst_structure_copy(delivery.event.get())));
}

Delivery AnswerQueue::deliver(const timeline::EventNews& news) {
  const auto& event = news.event;
  const bool closed = news.state == timeline::EventState::kClosed;
  if (news.state == timeline::EventState::kWithdrawn) stats_.withdrawn++;
  GstStructure* made =
      gvl_event_new(news.id, std::string(name_of(event.task)).c_str(), event.query.c_str(), event.text.c_str(),
                    to_clock_time(event.start), to_clock_time(event.stop), event.confidence,
                    to_clock_time(event.window_start), to_clock_time(event.window_stop));
  gvl_event_set_state(made, name_of(news.state));
  return deliver(made, closed ? Delivery::Kind::kClosed : Delivery::Kind::kOpen);
}

Delivery AnswerQueue::deliver(GstStructure* made, Delivery::Kind kind) {
  if (ask_id_) gst_structure_set(made, "ask-id", G_TYPE_UINT64, ask_id_, nullptr);
  origin_.describe(made, *played_, segment_);
  return {std::shared_ptr<GstStructure>(made, gst_structure_free), segment_, kind};
}

Delivery AnswerQueue::deliver(const timeline::WindowAnswer& answer) {
  GstStructure* made =
      gvl_answer_new(std::string(name_of(answer.task)).c_str(), answer.query.c_str(), answer.text.c_str(), answer.found,
                     answer.confidence, to_clock_time(answer.window_start), to_clock_time(answer.window_stop));
  return deliver(made, answer.found ? Delivery::Kind::kWords : Delivery::Kind::kNotFound);
}

// Why there is an event, or none.
void AnswerQueue::explain(const timeline::Judgement& judgement) {
  stats_.count(judgement.verdict);
  const bool timed = judgement.start && judgement.stop;
  GST_DEBUG_OBJECT(element_,
                   "\"%s\" in %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT ": %s, %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT
                   ", confidence %.3f of %.3f",
                   judgement.query.c_str(), GST_TIME_ARGS(to_clock_time(judgement.window_start)),
                   GST_TIME_ARGS(to_clock_time(judgement.window_stop)), name_of(judgement.verdict),
                   GST_TIME_ARGS(to_clock_time(judgement.start)), GST_TIME_ARGS(to_clock_time(judgement.stop)),
                   judgement.confidence, judgement.min_confidence);
  if (!explain_) return;
  GstStructure* made =
      gst_structure_new("gvl-verdict", "task", G_TYPE_STRING, std::string(name_of(judgement.task)).c_str(), "query",
                        G_TYPE_STRING, judgement.query.c_str(), "verdict", G_TYPE_STRING, name_of(judgement.verdict),
                        "confidence", G_TYPE_DOUBLE, judgement.confidence, "min-confidence", G_TYPE_DOUBLE,
                        judgement.min_confidence, "window-start", G_TYPE_UINT64, to_clock_time(judgement.window_start),
                        "window-stop", G_TYPE_UINT64, to_clock_time(judgement.window_stop), nullptr);
  if (timed)
    gst_structure_set(made, "start", G_TYPE_UINT64, to_clock_time(*judgement.start), "stop", G_TYPE_UINT64,
                      to_clock_time(*judgement.stop), nullptr);
  stream_.post(gst_message_new_element(GST_OBJECT(element_), made));
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

bool AnswerQueue::awaits_provisional() const {
  std::lock_guard lock(mutex_);
  return std::any_of(awaited_.begin(), awaited_.end(),
                     [](const Awaited& awaited) { return awaited.window.provisional; });
}

std::size_t AnswerQueue::awaited() const {
  std::lock_guard lock(mutex_);
  return awaited_.size();
}

}  // namespace gvl::gst
