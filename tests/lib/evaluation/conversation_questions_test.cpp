/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What of training data is measured.

#include "evaluation/conversation_questions.hpp"

#include <fstream>

#include "evaluation/validation.hpp"
#include "evaluation_test.hpp"
#include "io/language_model.hpp"
#include "scenes/forms.hpp"
#include "support/temporary.hpp"
#include "text/prompt.hpp"
#include "training/conversation_file.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

PromptConfig prompts() { return text::default_prompts(io::language_model("phi3")); }

training::TrainingText text_of(const scenes::Conversation& talk) { return {talk.question, talk.answer}; }

GVL_TEST(questions_are_those_that_training_data_ask) {
  scenes::Random random(1);
  scenes::Quiz quiz;
  quiz.question = "What is it?";
  quiz.options = {{.text = "a kite"}, {.text = "a cow"}, {.text = "an ape"}};
  const scenes::Conversation choice = scenes::choice_form(quiz, random);
  const std::vector<training::TrainingText> texts{
      text_of(scenes::grounding_form("it's dark", "dark", {{1.25, 2}, {61.25, 99.5}})),
      text_of(scenes::grounding_form("a cow", "cow", {})),
      text_of(scenes::dense_caption_form({{{3, 4.5}, "a kite flies"}, {{5, 6}, "it falls"}})),
      text_of(choice),
      {"<image>\nWhat is it?", "A kite."},
      {"<image> <timestamp_grounding>\nWhen was it?", "From <1> to <2>."}};
  const auto questions = questions_in(texts, prompts(), 100);
  ck_assert_uint_eq(questions.size(), 4);
  expect_text(questions[0].query.text, "it's dark");
  ck_assert(questions[0].query.task == Task::kGrounding);
  ck_assert_uint_eq(questions[0].truths.size(), 2);
  expect_near("start", questions[0].truths[1].start, 61.25);
  expect_near("stop", questions[0].truths[1].stop, 99.5);
  ck_assert(questions[1].truths.empty());
  ck_assert(questions[2].query.task == Task::kDenseCaption && questions[2].query.text.empty());
  ck_assert_uint_eq(questions[2].captions.size(), 2);
  expect_text(questions[2].captions[0].sentence, "a kite flies.");
  expect_text(questions[3].query.text, choice.query);
  ck_assert_uint_eq(questions[3].options.size(), 3);
  expect_text(questions[3].options.at(questions[3].right.value()), "a kite");
}

GVL_TEST(what_counts_is_what_there_is) {
  Report report;
  expect_error("nothing", ErrorCode::kInvalidArgument, {"validation"}, [&] { validation_score(report); });
  report.add_choice("choice", {1, 1});
  report.add_choice("choice", {0, 1});
  expect_text(validation_score(report).name, "multiple_choice accuracy");
  expect_near("accuracy", validation_score(report).value, 0.5);
  report.add_grounding("query", {evaluation::Interval{0, 1}, {0, 2}});
  expect_text(validation_score(report).name, "grounding miou");
  expect_near("miou", validation_score(report).value, 0.5);
}

GVL_TEST(videos_of_several_files_are_one) {
  const gvl::test::TemporaryFolder root;
  training::write_conversations(root / "a.json", {{"1", "x", "x.mkv", "made", {{"<image>\nA?", "B."}}},
                                                  {"2", "y", "y.mkv", "made", {{"<image>\nC?", "D."}}}});
  training::write_conversations(root / "b.json", {{"3", "x", "x.mkv", "made", {{"<image>\nE?", "F."}}}});
  std::ofstream(root / "eval.json") << R"({"conversations": {"files": ["a.json", "b.json"], "videos": "v"}})";
  const auto videos = read_talked_videos(io::JsonValue::load(root / "eval.json").object("conversations"));
  ck_assert_uint_eq(videos.size(), 2);
  expect_text(videos[0].file.string(), (root / "v" / "x.mkv").string());
  ck_assert_uint_eq(videos[0].texts.size(), 2);
  expect_text(videos[0].texts[1].user_turn, "<image>\nE?");
}

}  // namespace
