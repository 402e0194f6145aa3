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
using gvl::timeline::Verdict;

namespace {

const Query kWhen{Task::kGrounding, "when"};

// Windows of a minute, half a minute apart.
AnsweredWindow window(std::uint64_t index) {
  const Time start = 30s * static_cast<int>(index);
  return {{.index = index, .start = start, .stop = start + 60s, .settled = start + 30s, .resolution = 200ms}};
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
  ck_assert_int_eq(event.start.count(), start.count());
  ck_assert_int_eq(event.stop.count(), stop.count());
  ck_assert_double_eq_tol(event.confidence, confidence, 1e-9);
  ck_assert_str_eq(event.text.c_str(), text.c_str());
}

GVL_TEST(times_are_the_videos) {
  EventAssembler assembler;
  const auto events = assembler.add(window(1), answer(kWhen, {{2.5, 7.25, 0.5, ""}})).events;
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 32500ms, 37250ms, 0.5, "as the model says");
  ck_assert_str_eq(events[0].query.c_str(), "when");
  ck_assert_int_eq(events[0].window_start.count(), Time(30s).count());
  ck_assert_int_eq(events[0].window_stop.count(), Time(90s).count());
}

GVL_TEST(what_windows_say_together_is_worded_anew) {
  EventAssembler assembler;
  ck_assert(assembler.add(window(0), answer(kWhen, {{50, 60, 0.5, ""}})).events.empty());
  ck_assert(assembler.add(window(1), answer(kWhen, {{20.1, 40, 0.75, ""}})).events.empty());
  const auto events = assembler.finish().events;
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 50s, 70s, 0.625, "From 50.00 seconds to 70.00 seconds.");
  ck_assert_int_eq(events[0].window_stop.count(), Time(90s).count());
}

GVL_TEST(captions_that_are_joined_stay) {
  EventAssembler assembler;
  const Query all{Task::kDenseCaption, ""};
  assembler.add(window(0), answer(all, {{50, 60, 0.5, "a dog runs"}}));
  assembler.add(window(1), answer(all, {{20, 40, 0.25, "a dog"}}));
  const auto events = assembler.finish().events;
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 50s, 70s, 0.375, "a dog runs");
}

GVL_TEST(each_moment_of_an_answer_is_worded_for_itself) {
  EventAssembler assembler;
  const auto events = assembler.add(window(1), answer(kWhen, {{1, 2, 0.5, ""}, {4, 5.5, 0.75, ""}})).events;
  ck_assert_int_eq(events.size(), 2);
  check_event(events[0], 31s, 32s, 0.5, "From 31.00 seconds to 32.00 seconds.");
  check_event(events[1], 34s, 35500ms, 0.75, "From 34.00 seconds to 35.50 seconds.");
}

GVL_TEST(words_that_were_asked_for_are_an_answer_however_unsure) {
  EventAssembler assembler;
  auto about = window(0);
  about.min_confidence = 0.9;
  for (const auto& query : {Query{Task::kReferring, "from 1 s to 2 s"}, Query{Task::kQuestion, "what?"}}) {
    const auto outcome = assembler.add(about, answer(query, {{1, 2, 0.95, ""}}));
    ck_assert(outcome.events.empty() && outcome.answer && outcome.answer->found);
    ck_assert_double_eq(outcome.answer->confidence, 0.7);
    ck_assert_str_eq(outcome.answer->text.c_str(), "as the model says");
    ck_assert_int_eq(outcome.answer->window_stop.count(), Time(60s).count());
    ck_assert(outcome.judgements.at(0).verdict == Verdict::kWords);
  }
  ck_assert(assembler.finish().events.empty());
}

GVL_TEST(an_answer_without_a_moment_is_no_event) {
  EventAssembler assembler;
  const auto outcome = assembler.add(window(0), answer(kWhen, {}));
  ck_assert(outcome.events.empty() && outcome.answer && !outcome.answer->found);
  ck_assert_double_eq(outcome.answer->confidence, 0.7);
  ck_assert_str_eq(outcome.answer->text.c_str(), "as the model says");
  ck_assert(outcome.judgements.at(0).verdict == Verdict::kNotFound);
  ck_assert(!outcome.judgements[0].start);
}

GVL_TEST(moments_that_are_too_unsure_are_no_event) {
  EventAssembler assembler;
  auto about = window(0);
  about.min_confidence = 0.4;
  const auto outcome = assembler.add(about, answer(kWhen, {{1, 2, 0.3, ""}, {4, 5, 0.35, ""}}));
  ck_assert(outcome.events.empty() && outcome.answer && !outcome.answer->found);
  ck_assert_double_eq_tol(outcome.answer->confidence, 0.65, 1e-9);
  ck_assert_str_eq(outcome.answer->text.c_str(), "It is not found.");
  const auto& best = outcome.judgements.at(0);
  ck_assert(best.verdict == Verdict::kUnsure && best.start == Time(4s));
  ck_assert_double_eq(best.confidence, 0.35);
  ck_assert_double_eq(best.min_confidence, 0.4);
}

GVL_TEST(what_is_too_unsure_is_no_event) {
  EventAssembler assembler;
  auto about = window(0);
  about.min_confidence = 0.4;
  const auto outcome = assembler.add(about, answer(kWhen, {{1, 2, 0.39, ""}, {4, 5, 0.4, ""}}));
  ck_assert_int_eq(outcome.events.size(), 1);
  ck_assert(!outcome.answer && outcome.judgements.at(0).verdict == Verdict::kEvent);
  check_event(outcome.events[0], 4s, 5s, 0.4, "From 4.00 seconds to 5.00 seconds.");
}

GVL_TEST(what_other_windows_do_not_confirm_is_no_event) {
  EventAssembler assembler;
  auto about = window(0);
  about.min_confidence = 0.4;
  assembler.add(about, answer(kWhen, {{40, 45, 0.6, ""}}));
  about = window(1);
  about.min_confidence = 0.4;
  const auto outcome = assembler.add(about, answer(kWhen, {}));
  ck_assert(outcome.events.empty());
  ck_assert_int_eq(outcome.judgements.size(), 2);
  const auto& dropped = outcome.judgements[1];
  ck_assert(dropped.verdict == Verdict::kNotConfirmed && dropped.start == Time(40s) && dropped.stop == Time(45s));
  ck_assert_double_eq_tol(dropped.confidence, 0.3, 1e-9);
  ck_assert(assembler.finish().events.empty());
}

GVL_TEST(what_another_window_found_is_merged) {
  EventAssembler assembler;
  assembler.add(window(0), answer(kWhen, {{40, 45, 0.6, ""}}));
  ck_assert(assembler.add(window(1), answer(kWhen, {{10, 15, 0.6, ""}})).judgements.at(0).verdict == Verdict::kMerged);
}

GVL_TEST(a_window_asked_for_by_itself_answers_at_once) {
  EventAssembler assembler;
  assembler.add(window(0), answer(kWhen, {{50, 60, 0.5, ""}}));
  auto alone = window(0);
  alone.alone = true;
  const auto events = assembler.add(alone, answer(kWhen, {{50, 58, 0.25, ""}})).events;
  ck_assert_int_eq(events.size(), 1);
  check_event(events[0], 50s, 58s, 0.25, "as the model says");
  const auto rest = assembler.finish().events;
  ck_assert_int_eq(rest.size(), 1);
  check_event(rest[0], 50s, 60s, 0.5, "as the model says");
}

GVL_TEST(times_in_words) {
  using namespace gvl::timeline;
  const auto check = [](const std::string& words, const char* expected) { ck_assert_str_eq(words.c_str(), expected); };
  check(in_seconds(12345678901ns, 1), "12.3");
  check(in_seconds(5ns, 2), "0.00");
  check(exactly_in_seconds(41708334ns), "0.041708334");
  check(exactly_in_seconds(10ns), "0.00000001");
  check(exactly_in_seconds(5s), "5");
  check(in_a_sentence(1500ms, 3s), "From 1.50 seconds to 3.00 seconds.");
  check(on_a_clock(Time()), "0:00:00.000");
  check(on_a_clock(1h + 2min + 3s + 456999us), "1:02:03.456");
  check(on_a_clock(61s, {.hour_digits = 2, .separator = '-'}), "00-01-01.000");
  check(on_a_clock(123h, {.hour_digits = 2}), "123:00:00.000");
}

}  // namespace
