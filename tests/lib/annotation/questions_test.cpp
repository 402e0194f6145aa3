/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "annotation/chat.hpp"
#include "annotation/grounded_question.hpp"
#include "annotation/templates.hpp"
#include "annotation_test.hpp"
#include "io/json.hpp"

using namespace gvl;
using namespace gvl::annotation;
using namespace gvl::annotation::test;
using io::JsonValue;

namespace {

AnnotatedVideo kitchen() {
  return {"kitchen",
          60.0,
          {{{2, 10}, "A man peels an apple."}, {{10, 20.5}, "He cuts it."}, {{40, 60}, "A child eats the apple."}}};
}

const GroundedQuestion kGood{"What does the man do first?", "He peels an apple", {2, 9}, {0}};

GroundedQuestion asked(const std::string& question, const std::string& answer) {
  GroundedQuestion made = kGood;
  made.question = question;
  made.answer = answer;
  return made;
}

GroundedQuestion seen(double start, double stop, std::vector<std::size_t> sources) {
  GroundedQuestion made = kGood;
  made.time = {start, stop};
  made.sources = std::move(sources);
  return made;
}

std::string chat(const std::string& message, const std::string& finish = "stop") {
  return R"({"choices": [{"message": )" + message + R"(, "finish_reason": ")" + finish +
         R"("}], "usage": {"prompt_tokens": 7, "completion_tokens": 3}})";
}

const std::string kItem = R"({"question": "Q", "answer": "A", "start": 1, "stop": 2.5, "captions": [1, 3]})";

}  // namespace

GVL_TEST(texts_that_differ_in_form_are_equal) {
  expect_text(compared("  He said: \"Peel 2,5 Apples!\" "), "he said peel 2 5 apples");
  expect_text(compared("ÄRGER-los…"), "ärger los");
  expect_text(compared("?!"), "");
}

GVL_TEST(faults_of_texts) {
  expect_text(fault_of(kGood, kitchen()), "");
  for (const auto& [question, fault] : std::vector<std::pair<GroundedQuestion, std::string>>{
           {asked("", "a"), "the question is empty"},
           {asked("?", "a"), "the question is empty"},
           {asked("What?", " - "), "the answer is empty"},
           {asked(std::string(501, 'a'), "b"), "the question is too long"},
           {asked("What?", std::string(301, 'a')), "the answer is too long"},
           {asked("What is <image>?", "a"), "the question has angle brackets"},
           {asked("What?", "at <3>"), "the answer has angle brackets"},
           {asked("Does he peel?", "Yes."), "the answer is yes or no"},
           {asked("What is there at 12.5 seconds?", "an apple"), "the question says a time"},
           {asked("What is there at 1:05?", "an apple"), "the question says a time"},
           {asked("Is it a knife or a fork?", "A knife"), "the question has the answer in it"},
           {asked("Which apple does the man peel?", "The man's apple"), ""},
           {asked("Who gives the dog a ball?", "a dog with the ball"), "the question has the answer in it"},
           {asked("Who is at it?", "he is"), ""},
           {asked("Are 3 apples peeled before they are cut?", "the red ones are"), ""}})
    expect_text(question.question + ": " + fault_of(question, kitchen()), question.question + ": " + fault);
}

GVL_TEST(faults_of_times) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string leaves_video = "the interval leaves the video", leaves = "the interval leaves the captions";
  for (const auto& [question, fault] : std::vector<std::pair<GroundedQuestion, std::string>>{
           {seen(2, 10, {0}), ""},
           {seen(1.99, 10.01, {0}), ""},
           {seen(2, 20.5, {0, 1}), ""},
           {seen(40, 60.01, {2}), ""},
           {seen(std::nan(""), 9, {0}), "the interval is no time"},
           {seen(2, infinity, {0}), "the interval is no time"},
           {seen(-0.5, 9, {0}), leaves_video},
           {seen(41, 60.1, {2}), leaves_video},
           {seen(1e300, 1e301, {2}), leaves_video},
           {seen(9, 3, {0}), "the interval has no length"},
           {seen(9, 9, {0}), "the interval has no length"},
           {seen(1.5, 9, {0}), leaves},
           {seen(3, 11, {0}), leaves},
           {seen(3, 9, {}), "no captions are named"},
           {seen(3, 9, {0, 3}), "a caption is named that is not there"},
           {seen(3, 9, {0, 2}), "the interval does not touch a caption that is named"}})
    expect_text(fault_of(question, kitchen()), fault);
}

GVL_TEST(what_is_asked_twice_is_used_once) {
  std::vector<Rejection> rejected;
  const auto usable = usable_questions(
      {kGood, asked("what does the MAN do first", "He sings a song"), asked("Then?", "he peels an apple!"),
       asked("Then?", "Yes"), asked("Then\n what?", "He sings"), asked("More?", "He dances")},
      kitchen(), 2, rejected);
  ck_assert_uint_eq(usable.size(), 2);
  expect_text(usable[1].question, "Then what?");
  expect_texts(told(rejected),
               {"kitchen: the question was asked before", "kitchen: the answer and its interval were given before",
                "kitchen: the answer is yes or no", "kitchen: there are more questions than were asked for"});
}

GVL_TEST(intervals_end_with_the_video) {
  std::vector<Rejection> rejected;
  const auto usable = usable_questions({seen(40, 60.01, {2})}, kitchen(), 5, rejected);
  ck_assert(usable.at(0).time.stop == 60.0);
}

GVL_TEST(requests) {
  ChatOptions options;
  options.model = "m \"1\"";
  options.seed = 5;
  const auto plain = JsonValue::parse(chat_request(kitchen(), options, 0, std::nullopt), "request");
  expect_text(plain.string("model"), options.model);
  ck_assert_int_eq(plain.integer("seed"), 5);
  ck_assert(!plain.has("temperature") && !plain.has("max_tokens"));
  expect_text(plain.array("messages").at(std::size_t{1}).string("content"),
              "The video is 60.00 seconds long.\n1. 2.00 to 10.00: A man peels an apple.\n2. 10.00 to 20.50: He cuts "
              "it.\n3. 40.00 to 60.00: A child eats the apple.\nWrite up to 5 questions.");
  const auto format = plain.object("response_format");
  expect_text(format.string("type"), "json_schema");
  const auto schema = format.object("json_schema").object("schema");
  ck_assert(format.object("json_schema").boolean("strict") && !schema.boolean("additionalProperties"));
  const auto item = schema.object("properties").object("questions").object("items");
  ck_assert_uint_eq(item.array("required").size(), 5);
  ck_assert_uint_eq(item.object("properties").size(), 5);
  options.temperature = 0.5;
  options.max_answer_tokens = 100;
  options.asks_for_schema = false;
  const auto again =
      JsonValue::parse(chat_request(kitchen(), options, 2, FailedAnswer{"{", "it ends early"}), "request");
  ck_assert_int_eq(again.integer("seed"), 7);
  ck_assert(again.number("temperature") == 0.5 && again.integer("max_tokens") == 100);
  ck_assert(!again.has("response_format"));
  const auto messages = again.array("messages").elements();
  ck_assert_uint_eq(messages.size(), 4);
  expect_text(messages[2].string("content"), "{");
  ck_assert(messages[3].string("content").find("it ends early") != std::string::npos);
}

GVL_TEST(answers) {
  const ChatAnswer answer = read_chat_answer(chat(R"({"content": "{}"})"), "url");
  expect_text(answer.content + "|" + answer.fault, "{}|");
  ck_assert(answer.prompt_tokens == 7 && answer.completion_tokens == 3);
  const auto fault = [](const std::string& body) { return read_chat_answer(body, "url").fault; };
  expect_text(fault(chat(R"({"content": "{"})", "length")), "the answer is cut off");
  expect_text(fault(chat(R"({"content": ""})")), "the answer is empty");
  expect_text(fault(chat(R"({"content": null})")), "the answer is empty");
  expect_text(fault(chat(R"({"content": null, "refusal": "I must not."})")), "the model refuses");
  expect_text(fault(chat(R"({"content": "{}"})", "content_filter")), "the answer was ended by the server");
  for (const auto& [body, part] : std::vector<std::pair<std::string, std::string>>{
           {"<html>", "url"},
           {"{}", "choices: is missing"},
           {R"({"choices": []})", "choices: has no answer"},
           {R"({"error": {"message": "too\nbusy"}})", "error: the server fails: 'too\\x0abusy'"},
           {R"({"error": "no"})", "error: the server fails"},
           {R"({"choices": [{}]})", "message: is missing"},
           {chat("[]"), "message: expected an object"},
           {R"({"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": -1}})", "prompt_tokens"}})
    expect_error(body, ErrorCode::kMalformed, {"url", part}, [&] { read_chat_answer(body, "url"); });
}

GVL_TEST(questions_in_answers) {
  const auto questions = read_questions("{\"questions\": [" + kItem + ", " + kItem + "]}");
  ck_assert_uint_eq(questions.size(), 2);
  ck_assert(questions[0].time.start == 1 && questions[0].time.stop == 2.5);
  ck_assert(questions[0].sources == std::vector<std::size_t>({0, 2}));
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string item = kItem;
    return "{\"questions\": [" + item.replace(item.find(from), from.size(), to) + "]}";
  };
  for (const auto& [content, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "ends early"},
           {"{\"questions\": [" + kItem, "ends early"},
           {"[" + kItem + "]", "expected an object"},
           {"{\"questions\": " + kItem + "}", "questions: expected an array"},
           {"{\"question\": [" + kItem + "]}", "question"},
           {changed("\"A\"", "7"), "questions[0].answer: expected a string"},
           {changed("\"start\": 1, ", ""), "questions[0].start: is missing"},
           {changed("2.5", "\"2.5\""), "questions[0].stop: expected a number"},
           {changed("2.5", "NaN"), "byte"},
           {changed("[1, 3]", "[0]"), "questions[0].captions[0]: 0 is not within"},
           {changed("[1, 3]", "[1.5]"), "questions[0].captions[0]"},
           {changed("[1, 3]", "1"), "questions[0].captions: expected an array"},
           {changed("\"question\"", "\"Question\""), "questions[0].Question"}})
    expect_error(content, ErrorCode::kMalformed, {part}, [&, &c = content] { read_questions(c); });
}

GVL_TEST(embeddings_of_a_model) {
  const auto answer = read_embeddings(
      R"({"data": [{"index": 1, "embedding": [0, -2]}, {"index": 0, "embedding": [3, 4]}], "usage": {"prompt_tokens": 9}})",
      "url", 2);
  ck_assert(answer.vectors[0] == std::vector<float>({0.6F, 0.8F}));
  ck_assert(answer.vectors[1] == std::vector<float>({0, -1}));
  ck_assert_int_eq(answer.prompt_tokens, 9);
  const auto request = JsonValue::parse(embedding_request({"a", "b"}, "m"), "request");
  ck_assert(request.string("model") == "m" && request.array("input").size() == 2);
  for (const auto& [body, part] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "data: is missing"},
           {R"({"data": [{"embedding": [1]}]})", "data: has 1 vectors of 2 texts"},
           {R"({"data": [{"embedding": [1]}, {"index": 0, "embedding": [1]}]})", "was there before"},
           {R"({"data": [{"embedding": [1]}, {"index": 2, "embedding": [1]}]})", "data[1].index"},
           {R"({"data": [{"embedding": [1]}, {"embedding": []}]})", "data[1].embedding: has 0 elements"},
           {R"({"data": [{"embedding": [1]}, {"embedding": [0, 0]}]})", "data[1].embedding: has no direction"},
           {R"({"data": [{"embedding": [1]}, {"embedding": [1e308, 1e308]}]})", "data[1].embedding: has no direction"},
           {R"({"data": [{"embedding": ["1"]}, {"embedding": [1]}]})", "data[0].embedding[0]: expected a number"}})
    expect_error(body, ErrorCode::kMalformed, {"url", part}, [&, &b = body] { read_embeddings(b, "url", 2); });
}

GVL_TEST(templates_ask_what_captions_say) {
  std::vector<Rejection> rejected;
  std::set<std::string> all;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto made = template_questions(kitchen(), 2, seed);
    ck_assert_uint_eq(made.size(), 2);
    for (const GroundedQuestion& question : made) {
      const Moment moment = kitchen().moments[question.sources.at(0)];
      expect_text(question.answer, moment.caption);
      ck_assert(question.time.start == moment.time.start && question.time.stop == moment.time.stop);
      all.insert(question.question);
    }
    ck_assert_uint_eq(usable_questions(made, kitchen(), 2, rejected).size(), 2);
  }
  ck_assert_uint_eq(all.size(), 4 + 4);
  ck_assert(all.contains("What happens after this: \"A man peels an apple\"?"));
}
