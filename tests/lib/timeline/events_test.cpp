/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <chrono>
#include <string>
#include <vector>

#include "support/testing.hpp"
#include "timeline/event_assembler.hpp"
#include "timeline/wording.hpp"

using namespace std::chrono_literals;
using gvl::Answer;
using gvl::Interval;
using gvl::Query;
using gvl::Task;
using gvl::timeline::AnsweredWindow;
using gvl::timeline::EventAssembler;
using gvl::timeline::GroundedEvent;
using gvl::timeline::Time;

namespace {

const Query kWhen{Task::kGrounding, "when"};

// Windows of a minute, half a minute apart, from `session` times a hundred seconds on.
AnsweredWindow window(std::uint64_t index, std::uint64_t session = 0) {
  const Time start = 30s * static_cast<int>(index) + 100s * static_cast<int>(session);
  return {{.index = index, .start = start, .stop = start + 60s, .settled = start + 30s, .resolution = 200ms}, session};
}

Answer answer(const Query& query, const std::vector<Interval>& intervals) {
  Answer answer;
  answer.query = query;
  answer.text_seconds = "as the model says";
  answer.intervals = intervals;
  answer.confidence = 0.7;
  return answer;
}

void check_event(const GroundedEvent& event, Time start, Time stop, double confidence, const std::string& text) {
  ck_assert(event.start && event.stop);
  ck_assert_int_eq(event.start->count(), start.count());
  ck_assert_int_eq(event.stop->count(), stop.count());
  ck_assert_double_eq_tol(event.confidence, confidence, 1e-9);
  ck_assert_str_eq(event.text.c_str(), text.c_str());
}

GVL_TEST(times_are_the_videos) {
  EventAssembler assembler;
  const auto events = assembler.add(window(1), answer(kWhen, {{2.5, 7.25, 0.5, ""}}));
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 32500ms, 37250ms, 0.5, "as the model says");
  ck_assert_str_eq(events[0].query.c_str(), "when");
  ck_assert_int_eq(events[0].window_start.count(), Time(30s).count());
  ck_assert_int_eq(events[0].window_stop.count(), Time(90s).count());
}

GVL_TEST(what_windows_say_together_is_worded_anew) {
  EventAssembler assembler;
  ck_assert(assembler.add(window(0), answer(kWhen, {{50, 60, 0.5, ""}})).empty());
  ck_assert(assembler.add(window(1), answer(kWhen, {{20.1, 40, 0.75, ""}})).empty());
  const auto events = assembler.finish();
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 50s, 70s, 0.625, "From 50.00 seconds to 70.00 seconds.");
  ck_assert_int_eq(events[0].window_stop.count(), Time(90s).count());
}

GVL_TEST(captions_that_are_joined_stay) {
  EventAssembler assembler;
  const Query all{Task::kDenseCaption, ""};
  assembler.add(window(0), answer(all, {{50, 60, 0.5, "a dog runs"}}));
  assembler.add(window(1), answer(all, {{20, 40, 0.25, "a dog"}}));
  const auto events = assembler.finish();
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 50s, 70s, 0.375, "a dog runs");
}

GVL_TEST(an_answer_in_words_is_emitted_at_once_and_however_unsure) {
  EventAssembler assembler;
  auto about = window(0);
  about.min_confidence = 0.9;
  for (const auto& query : {kWhen, Query{Task::kQuestion, "what?"}}) {
    const auto events = assembler.add(about, answer(query, {}));
    ck_assert_int_eq(events.size(), 1);
    ck_assert(!events[0].start && !events[0].stop);
    ck_assert_double_eq(events[0].confidence, 0.7);
    ck_assert_str_eq(events[0].text.c_str(), "as the model says");
  }
}

GVL_TEST(what_is_too_unsure_is_no_event) {
  EventAssembler assembler;
  auto about = window(0);
  about.min_confidence = 0.4;
  const auto events = assembler.add(about, answer(kWhen, {{1, 2, 0.39, ""}, {4, 5, 0.4, ""}}));
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 4s, 5s, 0.4, "as the model says");
  // The next window shows it as well, and does not find it.
  assembler.add(about, answer(kWhen, {{40, 45, 0.6, ""}}));
  about = window(1);
  about.min_confidence = 0.4;
  ck_assert(assembler.add(about, answer(kWhen, {})).size() == 1);  // the answer in words
  ck_assert(assembler.finish().empty());
}

GVL_TEST(a_window_asked_for_by_itself_answers_at_once) {
  EventAssembler assembler;
  assembler.add(window(0), answer(kWhen, {{50, 60, 0.5, ""}}));
  auto alone = window(0);
  alone.alone = true;
  const auto events = assembler.add(alone, answer(kWhen, {{50, 58, 0.25, ""}}));
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 50s, 58s, 0.25, "as the model says");
  const auto rest = assembler.finish();
  ck_assert_int_eq(rest.size(), 1);
  check_event(rest[0], 50s, 60s, 0.5, "as the model says");
}

GVL_TEST(another_session_is_another_video) {
  EventAssembler assembler;
  assembler.add(window(0), answer(kWhen, {{50, 60, 0.5, ""}}));
  const auto events = assembler.add(window(1, 1), answer(kWhen, {{0, 10, 0.75, ""}}));
  ck_assert_int_eq(events.size(), 2);
  check_event(events[0], 50s, 60s, 0.5, "as the model says");
  ck_assert_int_eq(events[0].session, 0);
  check_event(events[1], 130s, 140s, 0.75, "as the model says");
  ck_assert_int_eq(events[1].session, 1);
}

GVL_TEST(times_in_words) {
  using namespace gvl::timeline;
  const auto check = [](const std::string& words, const char* expected) { ck_assert_str_eq(words.c_str(), expected); };
  check(in_seconds(12345678901ns, 1), "12.3");
  check(in_seconds(5ns, 2), "0.00");
  check(in_a_sentence(1500ms, 3s), "From 1.50 seconds to 3.00 seconds.");
  check(on_a_clock(Time()), "0:00:00.000");
  check(on_a_clock(1h + 2min + 3s + 456999us), "1:02:03.456");
  check(on_a_clock(61s, {.hour_digits = 2, .separator = '-'}), "00-01-01.000");
  check(on_a_clock(123h, {.hour_digits = 2}), "123:00:00.000");
}

}  // namespace
