/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What the events of a video count for.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/evaluation.hpp"
#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;
using timeline::GroundedEvent;
using timeline::WindowAnswer;

namespace {

GroundedEvent timed(Task task, const std::string& query, int start, int stop, double confidence,
                    const std::string& text = "") {
  return {.task = task,
          .query = query,
          .text = text,
          .start = std::chrono::seconds(start),
          .stop = std::chrono::seconds(stop),
          .confidence = confidence};
}

WindowAnswer in_words(const std::string& query, double confidence, const std::string& text) {
  return {.task = Task::kQuestion, .query = query, .text = text, .found = true, .confidence = confidence};
}

FoundInVideo events(std::vector<GroundedEvent> found) { return {std::move(found), {}}; }

ReportSection section(const Evaluation& evaluation, const std::string& name) {
  for (const ReportSection& each : evaluation.report().sections())
    if (each.name == name) return each;
  ck_abort_msg("no section %s", name.c_str());
}

double value(const Evaluation& evaluation, const std::string& name, const std::string& which) {
  const ReportSection found = section(evaluation, name);
  for (std::size_t i = 0; i < found.value_names.size(); ++i)
    if (found.value_names[i] == which) return found.overall.values[i];
  ck_abort_msg("no value %s", which.c_str());
}

GVL_TEST(the_most_confident_event_is_the_answer) {
  Evaluation evaluation(0);
  const Question question{{Task::kGrounding, "dark"}, "dark", {{20, 30}}};
  evaluation.add(question,
                 events({timed(Task::kGrounding, "dark", 0, 10, 0.5), timed(Task::kGrounding, "dark", 20, 25, 0.75),
                         timed(Task::kGrounding, "light", 20, 30, 0.9)}));
  expect_near("miou", value(evaluation, "grounding", "miou"), 0.5);
  // That nothing is found is no interval.
  evaluation.add(question, {{}, {{.task = Task::kGrounding, .query = "dark", .confidence = 1}}});
  expect_near("miou", value(evaluation, "grounding", "miou"), 0.25);
}

/** One answer to what happens several times is measured by the time that it comes nearest to. */
GVL_TEST(any_of_several_times_is_right) {
  Evaluation evaluation(0);
  const Question question{{Task::kGrounding, "dark"}, "dark", {{0, 10}, {20, 30}, {40, 44}}};
  evaluation.add(question, events({timed(Task::kGrounding, "dark", 20, 25, 0.75)}));
  expect_near("miou", value(evaluation, "grounding", "miou"), 0.5);
  evaluation.add(question, events({timed(Task::kGrounding, "dark", 40, 44, 0.75)}));
  expect_near("miou", value(evaluation, "grounding", "miou"), 0.75);
  ck_assert_int_eq(section(evaluation, "grounding").overall.counts.at(0), 2);
}

GVL_TEST(what_does_not_happen_is_told_apart_by_confidence) {
  Evaluation evaluation(0);
  evaluation.add({{Task::kGrounding, "dark"}, "dark", {{0, 10}}},
                 events({timed(Task::kGrounding, "dark", 0, 10, 0.5), timed(Task::kGrounding, "dark", 20, 25, 0.25)}));
  evaluation.add({{Task::kGrounding, "light"}, "absent"}, events({timed(Task::kGrounding, "light", 0, 10, 0.4)}));
  evaluation.add({{Task::kGrounding, "rain"}, "absent"}, {});
  expect_near("auc", value(evaluation, "absent", "auc"), 1);
  ck_assert_int_eq(section(evaluation, "grounding").overall.counts.at(0), 1);
}

GVL_TEST(what_was_found_is_told_question_by_question) {
  std::string lines;
  Evaluation evaluation(0, [&](const GroundedQuestion& grounded) { lines += to_json("a \"b\".mkv", grounded); });
  evaluation.add({{Task::kGrounding, "dark"}, "night", {{0, 10}, {20, 30}}},
                 events({timed(Task::kGrounding, "dark", 20, 25, 0.75)}));
  evaluation.add({{Task::kGrounding, "light"}, "absent"}, {});
  ck_assert_str_eq(
      lines.c_str(),
      "{\"video\": \"a \\\"b\\\".mkv\", \"query\": \"dark\", \"kind\": \"night\", \"truths\": [[0.0000, "
      "10.0000], [20.0000, 30.0000]], \"found\": [20.0000, 25.0000], \"confidence\": 0.7500, \"iou\": "
      "0.5000}\n"
      "{\"video\": \"a \\\"b\\\".mkv\", \"query\": \"light\", \"kind\": \"absent\", \"truths\": [], \"found\": "
      "null, \"confidence\": 0.0000, \"iou\": 0.0000}\n");
}

GVL_TEST(the_most_confident_words_choose_an_option) {
  Evaluation evaluation(0);
  Question question{{Task::kQuestion, "which?"}, "which"};
  question.options = {"a cat", "a dog"};
  question.right = 1;
  evaluation.add(question, {{}, {in_words("which?", 0.5, "(A) a cat"), in_words("which?", 0.75, "(B) a dog")}});
  expect_near("accuracy", value(evaluation, "multiple_choice", "accuracy"), 1);
  evaluation.add(question, {});
  expect_near("accuracy", value(evaluation, "multiple_choice", "accuracy"), 0.5);
}

GVL_TEST(all_events_of_a_dense_caption_count) {
  Evaluation evaluation(0);
  Question question{{Task::kDenseCaption, ""}, "dense"};
  question.captions = {{{0, 10}, "a dog runs"}, {{10, 20}, "it rains"}};
  evaluation.add(question, events({timed(Task::kDenseCaption, "", 0, 10, 0.1, "a dog runs"),
                                   timed(Task::kDenseCaption, "", 10, 20, 0.9, "it rains")}));
  ck_assert_int_eq(section(evaluation, "dense_captioning").overall.counts.at(0), 1);
  ck_assert_double_gt(value(evaluation, "dense_captioning", "soda_f1"), 0.9);
}

}  // namespace

GVL_TEST(what_is_heard_of_a_query_is_one_answer) {
  const Query dark{Task::kGrounding, "dark"}, what{Task::kQuestion, "dark"}, light{Task::kGrounding, "light"};
  FoundInVideo found = events({timed(Task::kGrounding, "dark", 0, 10, 0.5, "From 0 to 10."),
                               timed(Task::kGrounding, "dark", 20, 25, 0.75, "From 20 to 25.")});
  found.answers = {{.task = Task::kGrounding, .query = "dark", .text = "Nothing.", .confidence = 1},
                   in_words("dark", 0.5, "(A) a cat"),
                   in_words("dark", 0.75, "(B) a dog"),
                   in_words("dark", 0.25, "(C) a cow")};
  const auto answers = answers_to({what, dark, light, what}, found);
  ck_assert_uint_eq(answers.size(), 4);
  expect_text(answers[0].text_seconds, "(B) a dog");
  expect_near("confidence", answers[0].confidence, 0.75);
  ck_assert(answers[0].intervals.empty());
  expect_text(answers[1].text_seconds, "From 0 to 10.\nFrom 20 to 25.");
  ck_assert_uint_eq(answers[1].intervals.size(), 2);
  expect_near("start", answers[1].intervals[1].start, 20);
  expect_near("stop", answers[1].intervals[1].stop, 25);
  expect_near("confidence", answers[1].confidence, 0.75);
  ck_assert(answers[2].intervals.empty() && answers[2].text_seconds.empty());
  expect_text(answers[3].text_seconds, "(B) a dog");
}
