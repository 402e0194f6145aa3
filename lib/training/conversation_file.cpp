/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/conversation_file.hpp"

#include <json-glib/json-glib.h>

#include <memory>

#include "gvl/error.hpp"
#include "io/json.hpp"

namespace gvl::training {
namespace {

constexpr const char* kImage = "<image>";

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

std::vector<TrainingText> read_texts(const io::JsonValue& conversation) {
  const std::vector<io::JsonValue> turns = conversation.elements();
  if (turns.empty() || turns.size() % 2 != 0) {
    throw conversation.error("needs turns in pairs, of \"human\" and \"gpt\"");
  }
  std::vector<TrainingText> texts;
  for (std::size_t i = 0; i < turns.size(); i += 2) {
    std::string question = read_turn(turns[i], "human");
    if (question.find(kImage) == question.npos) question = std::string(kImage) + "\n" + question;
    texts.push_back({std::move(question), read_turn(turns[i + 1], "gpt")});
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
