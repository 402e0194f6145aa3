/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/chat.hpp"

#include <algorithm>
#include <cmath>

#include "annotation/json_writer.hpp"
#include "evaluation/format.hpp"
#include "gvl/error.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace gvl::annotation {
namespace {

using io::JsonValue;

constexpr const char* kInstructions =
    "You write questions about videos for a data set. You are given what happens in a video, as a numbered list of "
    "captions with their times in seconds. Write questions that can be answered only by somebody who sees the video, "
    "about actions, their order, their causes, people, things and places. Each question is about one stretch of the "
    "video. Rules: use only what the captions say. The answer is short, a phrase of at most 15 words, and more than "
    "yes or no. The question does not have the answer in it, and says no times. 'start' and 'stop' are the seconds "
    "between which the answer is to be seen: within the captions that the question is made of, whose numbers stand "
    "in 'captions'. Ask no question twice. Answer with JSON alone: {\"questions\": [{\"question\": \"...\", "
    "\"answer\": \"...\", \"start\": 0.0, \"stop\": 1.0, \"captions\": [1]}]}";

std::string asked_about(const AnnotatedVideo& video, int questions) {
  std::string text = "The video is " + evaluation::number(video.duration.value(), 2) + " seconds long.\n";
  for (std::size_t i = 0; i < video.moments.size(); ++i) {
    const Moment& moment = video.moments[i];
    text += std::to_string(i + 1) + ". " + evaluation::number(moment.time.start, 2) + " to " +
            evaluation::number(moment.time.stop, 2) + ": " + moment.caption + "\n";
  }
  return text + "Write up to " + std::to_string(questions) + " questions.";
}

void add_message(JsonWriter& json, const char* role, const std::string& content) {
  json.object([&] { json.text("role", role).text("content", content); });
}

void add_messages(JsonWriter& json, const AnnotatedVideo& video, int questions,
                  const std::optional<FailedAnswer>& before) {
  add_message(json, "system", kInstructions);
  add_message(json, "user", asked_about(video, questions));
  if (!before) return;
  constexpr std::size_t kLongest = 4000;
  const bool is_short = !before->content.empty() && before->content.size() <= kLongest;
  if (is_short) add_message(json, "assistant", before->content);
  add_message(json, "user", "That cannot be used: " + before->fault + ". Answer again, with JSON of the given form.");
}

void add_type(JsonWriter& json, const char* name, const char* type) {
  json.object(name, [&] { json.text("type", type); });
}

/** An object with exactly these members, all of them required: what strict schemas have to be. */
void add_object_schema(JsonWriter& json, const std::vector<const char*>& names, const std::function<void()>& members) {
  json.text("type", "object").boolean("additionalProperties", false);
  json.array("required", [&] {
    for (const char* name : names) json.text(name);
  });
  json.object("properties", members);
}

void add_question_schema(JsonWriter& json) {
  add_object_schema(json, {"question", "answer", "start", "stop", "captions"}, [&] {
    add_type(json, "question", "string");
    add_type(json, "answer", "string");
    add_type(json, "start", "number");
    add_type(json, "stop", "number");
    json.object("captions", [&] {
      json.text("type", "array");
      add_type(json, "items", "integer");
    });
  });
}

void add_response_format(JsonWriter& json) {
  json.object("response_format", [&] {
    json.text("type", "json_schema").object("json_schema", [&] {
      json.text("name", "questions").boolean("strict", true).object("schema", [&] {
        add_object_schema(json, {"questions"}, [&] {
          json.object("questions",
                      [&] { json.text("type", "array").object("items", [&] { add_question_schema(json); }); });
        });
      });
    });
  });
}

std::int64_t tokens_in(const JsonValue& answer, const char* name) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  const auto usage = answer.find("usage");
  return usage ? usage->integer_or(name, 0, 0, kMost) : 0;
}

GroundedQuestion question_of(const JsonValue& record) {
  record.allow_members({"question", "answer", "start", "stop", "captions"});
  GroundedQuestion question{
      record.string("question"), record.string("answer"), {record.number("start"), record.number("stop")}, {}};
  for (const JsonValue& number : record.array("captions").elements()) {
    constexpr std::int64_t kMost = 1'000'000;
    question.sources.push_back(static_cast<std::size_t>(number.as_integer(1, kMost) - 1));
  }
  return question;
}

/** Some servers say that they failed in an answer like others. */
void require_success(const JsonValue& root) {
  const auto error = root.find("error");
  if (!error) return;
  const bool says_why = error->is_object() && error->has("message") && error->at("message").is_string();
  throw error->error(says_why ? "the server fails: " + io::quote(error->string("message")) : "the server fails");
}

std::vector<float> unit_vector(const JsonValue& record) {
  constexpr std::size_t kWidest = 1 << 16;
  const JsonValue list = record.array("embedding");
  if (list.size() == 0 || list.size() > kWidest) throw list.error("has " + std::to_string(list.size()) + " elements");
  std::vector<double> values;
  double squares = 0;
  for (const JsonValue& element : list.elements()) {
    values.push_back(element.as_number());
    squares += values.back() * values.back();
  }
  const double length = std::sqrt(squares);
  if (!(length > 0) || !std::isfinite(length)) throw list.error("has no direction");
  std::vector<float> vector;
  for (const double value : values) vector.push_back(static_cast<float>(value / length));
  return vector;
}

}  // namespace

std::string chat_request(const AnnotatedVideo& video, const ChatOptions& options, int attempt,
                         const std::optional<FailedAnswer>& before) {
  JsonWriter json;
  json.object([&] {
    json.text("model", options.model);
    json.array("messages", [&] { add_messages(json, video, options.questions, before); });
    // A draw that failed is not drawn again.
    json.integer("seed", static_cast<std::int64_t>(options.seed) + attempt);
    if (options.temperature) json.number("temperature", *options.temperature);
    if (options.max_answer_tokens) json.integer("max_tokens", *options.max_answer_tokens);
    if (options.asks_for_schema) add_response_format(json);
  });
  return json.line();
}

ChatAnswer read_chat_answer(const std::string& body, const std::string& source) {
  const auto root = JsonValue::parse(body, source);
  require_success(root);
  ChatAnswer answer;
  answer.prompt_tokens = tokens_in(root, "prompt_tokens");
  answer.completion_tokens = tokens_in(root, "completion_tokens");
  const auto choices = root.array("choices");
  if (choices.size() == 0) throw choices.error("has no answer");
  const JsonValue choice = choices.at(std::size_t{0}), message = choice.object("message");
  answer.content = message.string_or("content", "");
  const std::string finish = choice.string_or("finish_reason", "stop");
  if (message.has("refusal"))
    answer.fault = "the model refuses";
  else if (finish == "length")
    answer.fault = "the answer is cut off";
  else if (finish != "stop")
    answer.fault = "the answer was ended by the server";
  else if (answer.content.empty())
    answer.fault = "the answer is empty";
  return answer;
}

std::vector<GroundedQuestion> read_questions(const std::string& content) {
  constexpr io::JsonLimits kLimits{.bytes = std::size_t{1} << 20, .values = std::size_t{1} << 16, .depth = 8};
  const auto root = JsonValue::parse(content, "the answer", kLimits);
  root.allow_members({"questions"});
  std::vector<GroundedQuestion> questions;
  for (const JsonValue& record : root.array("questions").elements()) questions.push_back(question_of(record));
  return questions;
}

std::string embedding_request(const std::vector<std::string>& texts, const std::string& model) {
  JsonWriter json;
  json.object([&] {
    json.text("model", model).text("encoding_format", "float").array("input", [&] {
      for (const std::string& text : texts) json.text(text);
    });
  });
  return json.line();
}

EmbeddingAnswer read_embeddings(const std::string& body, const std::string& source, std::size_t count) {
  const auto root = JsonValue::parse(body, source, {.bytes = body.size(), .values = std::size_t{16} << 20});
  require_success(root);
  EmbeddingAnswer answer;
  answer.prompt_tokens = tokens_in(root, "prompt_tokens");
  answer.vectors.resize(count);
  const JsonValue data = root.array("data");
  if (data.size() != count)
    throw data.error("has " + std::to_string(data.size()) + " vectors of " + std::to_string(count) + " texts");
  std::size_t place = 0;
  for (const JsonValue& record : data.elements()) {
    const auto index =
        record.integer_or("index", static_cast<std::int64_t>(place++), 0, static_cast<std::int64_t>(count) - 1);
    auto& vector = answer.vectors[static_cast<std::size_t>(index)];
    if (!vector.empty()) throw record.at("index").error("was there before");
    vector = unit_vector(record);
  }
  return answer;
}

}  // namespace gvl::annotation
