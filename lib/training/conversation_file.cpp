/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/conversation_file.hpp"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "gvl/error.hpp"
#include "io/json.hpp"
#include "text/temporal.hpp"

namespace gvl::training {
namespace {

constexpr std::string_view kImage = "<image>";

/** Ids are written as strings or numbers. */
std::string read_id(const io::JsonValue& record, const char* member) {
  const auto value = record.find(member);
  if (!value) return {};
  return value->is_string() ? value->as_string() : std::to_string(value->as_integer());
}

std::string read_turn(const io::JsonValue& turn, const char* from) {
  if (turn.string("from") != from) throw turn.at("from").error(std::string("is not \"") + from + "\"");
  return turn.string("value");
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of("0123456789", at), text.size());
}

/** Whether an answer has a time as the published loader finds them: <-?\d+(\.\d+)?> */
bool has_time(std::string_view text) {
  for (std::size_t open = text.find('<'); open != text.npos; open = text.find('<', open + 1)) {
    const std::size_t whole = open + (text.substr(open + 1).starts_with('-') ? 2 : 1);
    std::size_t end = skip_digits(text, whole);
    if (end == whole) continue;
    if (text.substr(end).starts_with('.')) {
      const std::size_t part = end + 1;
      end = skip_digits(text, part);
      if (end == part) continue;
    }
    if (text.substr(end).starts_with('>')) return true;
  }
  return false;
}

std::string without_image(std::string question) {
  for (std::size_t at; (at = question.find(kImage)) != question.npos;) question.erase(at, kImage.size());
  constexpr const char* kWhite = " \t\n\v\f\r";
  const std::size_t first = question.find_first_not_of(kWhite);
  return first == question.npos ? "" : question.substr(first, question.find_last_not_of(kWhite) + 1 - first);
}

/** A user turn as the published loader makes it of a question and its answer. */
std::string user_turn_of(const std::string& question, const std::string& answer) {
  const std::string token = text::TemporalTokens::kGroundingToken;
  const bool has_image = question.find(kImage) != question.npos;
  // As it is in data that were made for other loaders.
  if (has_image && question.find(token) != question.npos) return question;
  return std::string(kImage) + (has_time(answer) ? " " + token : "") + "\n" + without_image(question);
}

std::vector<TrainingText> read_texts(const io::JsonValue& conversation) {
  const std::vector<io::JsonValue> turns = conversation.elements();
  if (turns.empty() || turns.size() % 2 != 0) {
    throw conversation.error("needs turns in pairs, of \"human\" and \"gpt\"");
  }
  std::vector<TrainingText> texts;
  for (std::size_t i = 0; i < turns.size(); i += 2) {
    const std::string question = read_turn(turns[i], "human"), answer = read_turn(turns[i + 1], "gpt");
    texts.push_back({user_turn_of(question, answer), answer});
  }
  return texts;
}

struct Unref {
  void operator()(JsonBuilder* builder) const { g_object_unref(builder); }
  void operator()(JsonGenerator* generator) const { g_object_unref(generator); }
  void operator()(JsonNode* node) const { json_node_unref(node); }
};

void add_member(JsonBuilder* builder, const char* name, const std::string& value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value.c_str());
}

void add_turn(JsonBuilder* builder, const char* from, const std::string& value) {
  json_builder_begin_object(builder);
  add_member(builder, "from", from);
  add_member(builder, "value", value);
  json_builder_end_object(builder);
}

void add_record(JsonBuilder* builder, const ConversationRecord& record) {
  json_builder_begin_object(builder);
  add_member(builder, "question_id", record.question_id);
  add_member(builder, "video_id", record.video_id);
  add_member(builder, "video_file", record.video_file.string());
  add_member(builder, "dataset_name", record.dataset_name);
  json_builder_set_member_name(builder, "conversation");
  json_builder_begin_array(builder);
  for (const TrainingText& text : record.texts) {
    add_turn(builder, "human", text.user_turn);
    add_turn(builder, "gpt", text.answer);
  }
  json_builder_end_array(builder);
  json_builder_end_object(builder);
}

}  // namespace

std::vector<ConversationRecord> read_conversations(const std::filesystem::path& file,
                                                   const std::filesystem::path& videos) {
  constexpr std::size_t kLargest = std::size_t{2} << 30;
  const io::JsonValue root = io::JsonValue::load(file, {.bytes = kLargest, .values = kLargest, .depth = 16});
  std::vector<ConversationRecord> records;
  for (const io::JsonValue& element : root.elements()) {
    ConversationRecord record;
    record.question_id = read_id(element, "question_id");
    record.video_id = read_id(element, "video_id");
    record.video_file = videos / element.string("video_file");
    record.dataset_name = element.string_or("dataset_name", "");
    record.texts = read_texts(element.array("conversation"));
    records.push_back(std::move(record));
  }
  return records;
}

void write_conversations(const std::filesystem::path& file, const std::vector<ConversationRecord>& records) {
  const std::unique_ptr<JsonBuilder, Unref> builder(json_builder_new());
  json_builder_begin_array(builder.get());
  for (const ConversationRecord& record : records) add_record(builder.get(), record);
  json_builder_end_array(builder.get());
  const std::unique_ptr<JsonNode, Unref> root(json_builder_get_root(builder.get()));
  const std::unique_ptr<JsonGenerator, Unref> generator(json_generator_new());
  json_generator_set_pretty(generator.get(), TRUE);
  json_generator_set_root(generator.get(), root.get());
  GError* error = nullptr;
  if (json_generator_to_file(generator.get(), file.c_str(), &error)) return;
  const std::string message = error->message;
  g_error_free(error);
  throw Error(ErrorCode::kResource, file.string() + ": cannot be written: " + message);
}

}  // namespace gvl::training
