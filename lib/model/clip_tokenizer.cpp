/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A CLIP's tokenizer in the form that the `tokenizers` library has for it, of the two files of the older form.

#include <json-glib/json-glib.h>

#include <memory>
#include <string_view>

#include "gvl/error.hpp"
#include "io/json.hpp"
#include "io/mapped_file.hpp"
#include "model/clip_release.hpp"

namespace gvl::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStart = "<|startoftext|>";
constexpr const char* kEnd = "<|endoftext|>";
// How many merges CLIP's code reads, whatever stands behind them.
constexpr std::size_t kMostMerges = 49152 - 256 - 2;
constexpr const char* kParts = R"({
  "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
    {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},
     "behavior": "Removed", "invert": true},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}})";

struct Unref {
  void operator()(JsonBuilder* builder) const { g_object_unref(builder); }
  void operator()(JsonParser* parser) const { g_object_unref(parser); }
};

void add_string(JsonBuilder* builder, const char* name, const char* value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value);
}

void add_integer(JsonBuilder* builder, const char* name, std::int64_t value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_int_value(builder, value);
}

/** The parts that are the same for all. */
void add_parts(JsonBuilder* builder) {
  const std::unique_ptr<JsonParser, Unref> parser(json_parser_new());
  json_parser_load_from_data(parser.get(), kParts, -1, nullptr);
  JsonObject* parts = json_node_get_object(json_parser_get_root(parser.get()));
  for (const char* part : {"normalizer", "pre_tokenizer", "decoder"}) {
    json_builder_set_member_name(builder, part);
    json_builder_add_value(builder, json_node_copy(json_object_get_member(parts, part)));
  }
}

void add_special(JsonBuilder* builder, const char* token, std::int64_t id) {
  json_builder_begin_object(builder);
  add_integer(builder, "id", id);
  add_string(builder, "content", token);
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
    json_builder_set_member_name(builder, flag);
    json_builder_add_boolean_value(builder, std::string_view(flag) == "special");
  }
  json_builder_end_object(builder);
}

void add_side(JsonBuilder* builder, const char* name, const char* token, std::int64_t id) {
  json_builder_set_member_name(builder, name);
  json_builder_begin_array(builder);
  json_builder_add_string_value(builder, token);
  json_builder_add_int_value(builder, id);
  json_builder_end_array(builder);
}

void add_vocabulary(JsonBuilder* builder, const io::JsonValue& vocabulary) {
  json_builder_set_member_name(builder, "vocab");
  json_builder_begin_object(builder);
  for (const auto& [token, id] : vocabulary.members()) add_integer(builder, token.c_str(), id.as_integer(0));
  json_builder_end_object(builder);
}

/** One a line, behind a line that says the version. */
void add_merges(JsonBuilder* builder, std::string_view lines) {
  json_builder_set_member_name(builder, "merges");
  json_builder_begin_array(builder);
  std::size_t merges = 0;
  for (std::size_t start = 0; start < lines.size() && merges < kMostMerges;) {
    const std::size_t end = std::min(lines.find('\n', start), lines.size());
    std::string line(lines.substr(start, end - start));
    if (line.ends_with('\r')) line.pop_back();
    const bool is_version = start == 0 && line.starts_with("#version");
    start = end + 1;
    if (is_version || line.empty()) continue;
    json_builder_add_string_value(builder, line.c_str());
    ++merges;
  }
  json_builder_end_array(builder);
}

}  // namespace

std::string clip_tokenizer(const fs::path& vocabulary_file, const fs::path& merges_file) {
  const io::JsonValue vocabulary = io::JsonValue::load(vocabulary_file);
  const std::int64_t start = vocabulary.integer(kStart, 0), end = vocabulary.integer(kEnd, 0);
  const auto merges = io::MappedFile::open(merges_file, io::MappedFile::Access::kSequential);
  if (!g_utf8_validate(merges->text().data(), static_cast<gssize>(merges->text().size()), nullptr)) {
    throw Error(ErrorCode::kMalformed, merges_file.string() + ": is not UTF-8");
  }
  const std::unique_ptr<JsonBuilder, Unref> owned(json_builder_new());
  JsonBuilder* builder = owned.get();
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "added_tokens");
  json_builder_begin_array(builder);
  add_special(builder, kStart, start);
  add_special(builder, kEnd, end);
  json_builder_end_array(builder);
  add_parts(builder);
  json_builder_set_member_name(builder, "post_processor");
  json_builder_begin_object(builder);
  add_string(builder, "type", "RobertaProcessing");
  add_side(builder, "cls", kStart, start);
  add_side(builder, "sep", kEnd, end);
  json_builder_end_object(builder);
  json_builder_set_member_name(builder, "model");
  json_builder_begin_object(builder);
  add_string(builder, "type", "BPE");
  add_string(builder, "unk_token", kEnd);
  add_string(builder, "end_of_word_suffix", "</w>");
  add_vocabulary(builder, vocabulary);
  add_merges(builder, merges->text());
  json_builder_end_object(builder);
  json_builder_end_object(builder);
  return io::json_text(builder);
}

}  // namespace gvl::model
