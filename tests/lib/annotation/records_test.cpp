/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/records.hpp"

#include <set>
#include <string>
#include <vector>

#include "annotation/statistics.hpp"
#include "annotation_test.hpp"
#include "io/json.hpp"

using namespace gvl;
using namespace gvl::annotation;
using namespace gvl::annotation::test;

namespace {

const std::string kImage = "<image>\n", kGrounding = "<image> <timestamp_grounding>\n";

std::string file_of(const std::string& name) { return "in/" + name + ".mp4"; }

std::vector<AskedQuestion> questions() {
  std::vector<AskedQuestion> asked;
  for (std::size_t i = 0; i < 6; ++i) {
    const std::string number = std::to_string(i);
    asked.push_back({i % 2, i / 2, {"Question " + number + "?", "answer " + number, {1, 2.5}, {0}}});
  }
  return asked;
}

std::vector<training::ConversationRecord> made(const RecordOptions& options, std::vector<Rejection>& rejected) {
  const std::vector<AnnotatedVideo> videos{{"a", 9.0, {{{1, 2.5}, "x"}}}, {"b", 9.0, {{{1, 2.5}, "y"}}}};
  std::vector<std::vector<std::size_t>> distractors(6);
  distractors[1] = {0, 2, 3, 4};
  distractors[4] = {5, 1, 0, 2};
  return records_of(videos, questions(), distractors, options, file_of, rejected);
}

}  // namespace

GVL_TEST(multiple_choice_and_its_time) {
  std::vector<Rejection> rejected;
  const auto records = made({.dataset = "set", .seed = 3}, rejected);
  ck_assert_uint_eq(records.size(), 2);
  ck_assert_uint_eq(rejected.size(), 4);
  expect_text(rejected[0].video + rejected[0].what + rejected[0].reason, "aQuestion 0?there are too few wrong options");
  const training::ConversationRecord& record = records[0];
  expect_text(record.question_id + " " + record.video_id + " " + record.video_file.string() + " " + record.dataset_name,
              "b#0 b in/b.mp4 set");
  ck_assert_uint_eq(record.texts.size(), 2);
  const std::string& asked = record.texts[0].user_turn;
  ck_assert(asked.starts_with(kImage + "Question: Question 1?\nOptions:\n(A) "));
  for (const char* option : {") answer 0", ") answer 1", ") answer 2", ") answer 3", ") answer 4"})
    ck_assert_msg(asked.find(option) != asked.npos, "%s", option);
  const std::string& answer = record.texts[0].answer;
  ck_assert(answer.starts_with("Answer: (") && answer.ends_with(") answer 1"));
  ck_assert(asked.find("\n" + answer.substr(std::string("Answer: ").size())) != asked.npos);
  ck_assert(record.texts[1].user_turn.starts_with(kGrounding + "Give you a textual query: 'Question 1?'. "));
  expect_text(record.texts[1].answer, "From <1.00> to <2.50>.");
}

GVL_TEST(right_options_stand_anywhere) {
  std::vector<Rejection> rejected;
  std::set<char> letters;
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    letters.insert(
        made({.dataset = "", .seed = seed}, rejected)[0].texts[0].answer.at(std::string("Answer: (").size()));
  ck_assert(letters == std::set<char>({'A', 'B', 'C', 'D', 'E'}));
}

GVL_TEST(the_authors_loader_adds_its_token) {
  std::vector<Rejection> rejected;
  const auto records = made({.dataset = "", .seed = 0, .for_release = true}, rejected);
  ck_assert(records[0].texts[1].user_turn.starts_with("<image>\nGive you"));
}

GVL_TEST(labels_become_queries) {
  EventLabels labels;
  labels.queries.videos = {
      {"a", std::nullopt, {{{1, 2}, "it is <b>black"}, {{3, 4}, "it moves"}, {{5, 6}, "it is <b>black"}}}};
  labels.captions.videos = {{"c", std::nullopt, {{{0, 1}, "a dog runs."}, {{2, 3}, "It sits"}}},
                            {"a", std::nullopt, {{{7, 8}, "a cat"}}}};
  const auto records = records_of(labels, {.dataset = "events"}, file_of);
  ck_assert_uint_eq(records.size(), 2);
  ck_assert_uint_eq(records[0].texts.size(), 3);
  ck_assert(records[0].texts[0].user_turn.find("'it is bblack'") != std::string::npos);
  expect_text(records[0].texts[0].answer, "From <1.00> to <2.00>. From <5.00> to <6.00>.");
  expect_text(records[0].texts[1].answer, "From <3.00> to <4.00>.");
  expect_text(records[0].texts[2].answer, "From <7.00> to <8.00>, a cat.");
  expect_text(records[1].video_id, "c");
  expect_text(records[1].texts[0].answer, "From <0.00> to <1.00>, a dog runs. From <2.00> to <3.00>, It sits.");
}

GVL_TEST(statistics) {
  std::vector<Rejection> rejected;
  auto records = made({.dataset = "set", .seed = 3}, rejected);
  records.push_back(records[0]);
  records.back().dataset_name = "other";
  records.push_back({"7", "z", "z.mp4", "", {{kImage + "Who is it?", "From <5> to <3>. From <1.5> to <9.5>."}}});
  records.push_back({"8", "z", "z.mp4", "", {{kImage + "Q?\nOptions:\n(A) x\n(B) y", "y"}}});
  const Statistics found = statistics_of(records);
  ck_assert_uint_eq(found.records, 5);
  ck_assert_uint_eq(found.videos, 3);
  ck_assert_uint_eq(found.turns, 8);
  ck_assert_uint_eq(found.repeated, 2);
  ck_assert_uint_eq(found.multiple_choice, 4);
  ck_assert_uint_eq(found.with_times, 4);
  ck_assert_uint_eq(found.intervals, 5);
  ck_assert_uint_eq(found.reversed, 1);
  ck_assert(found.lengths == std::vector<double>({1.5, 1.5, 1.5, 8}));
  ck_assert(found.datasets == (std::map<std::string, std::size_t>{{"", 2}, {"other", 1}, {"set", 2}}));
  ck_assert(found.options == (std::map<std::size_t, std::size_t>{{2, 1}, {5, 3}}));
  ck_assert(found.letters.at("?") == 1);
  ck_assert(found.openings == (std::map<std::string, std::size_t>{{"give", 3}, {"q", 1}, {"question", 3}, {"who", 1}}));
  const auto numbers = io::JsonValue::parse(found.to_json(), "json");
  ck_assert_int_eq(numbers.object("options").integer("5"), 3);
  ck_assert(numbers.object("lengths").number("p90") == 8);
  ck_assert(found.to_text().find("5 options 3, 2 options 1\n") != std::string::npos);
  ck_assert(statistics_of({}).to_text().starts_with("0 records about 0 videos"));
}
