/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/bpe_trainer.hpp"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <map>
#include <utility>

#include "gvl/error.hpp"
#include "io/budget.hpp"
#include "io/json.hpp"
#include "text/byte_alphabet.hpp"
#include "text/pre_tokenizer.hpp"

namespace gvl::training {
namespace {

using Pair = std::pair<std::string, std::string>;

constexpr std::size_t kBytes = 256;
constexpr const char* kSplitPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/** Builds a JSON text; json-glib escapes. */
class Document {
 public:
  Document() : builder_(json_builder_new()) {}
  ~Document() { g_object_unref(builder_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Document& name(const char* member) { return json_builder_set_member_name(builder_, member), *this; }
  Document& object() { return json_builder_begin_object(builder_), *this; }
  Document& end_object() { return json_builder_end_object(builder_), *this; }
  Document& array() { return json_builder_begin_array(builder_), *this; }
  Document& end_array() { return json_builder_end_array(builder_), *this; }
  Document& value(const std::string& text) { return json_builder_add_string_value(builder_, text.c_str()), *this; }
  Document& value(const char* text) { return json_builder_add_string_value(builder_, text), *this; }
  Document& value(bool truth) { return json_builder_add_boolean_value(builder_, truth), *this; }
  Document& number(std::size_t number) {
    return json_builder_add_int_value(builder_, static_cast<gint64>(number)), *this;
  }
  Document& null() { return json_builder_add_null_value(builder_), *this; }

  std::string text() { return io::json_text(builder_); }

 private:
  JsonBuilder* builder_;
};

void write_pre_tokenizer(Document& document) {
  document.object().name("type").value("Sequence").name("pretokenizers").array();
  document.object().name("type").value("Split");
  document.name("pattern").object().name("Regex").value(kSplitPattern).end_object();
  document.name("behavior").value("Isolated").name("invert").value(false).end_object();
  document.object().name("type").value("ByteLevel").name("add_prefix_space").value(false);
  document.name("trim_offsets").value(true).name("use_regex").value(false).end_object();
  document.end_array().end_object();
}

std::vector<std::string> symbols_of(const std::string& word) {
  std::vector<std::string> symbols;
  for (const char c : word) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (continues) {
      symbols.back() += c;
    } else {
      symbols.emplace_back(1, c);
    }
  }
  return symbols;
}

struct Word {
  std::vector<std::string> symbols;
  std::size_t count = 0;
};

std::vector<Word> count_words(std::span<const std::string> texts) {
  Document document;
  write_pre_tokenizer(document);
  const text::PreTokenizer splitter(io::JsonValue::parse(document.text(), "the split of words"));
  std::map<std::string, std::size_t> counts;
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    io::Budget work(text.size(), "a text");
    splitter.split(text, work, [&](const std::string& word) { ++counts[word]; });
  }
  std::vector<Word> words;
  for (const auto& [word, count] : counts) words.push_back({symbols_of(word), count});
  return words;
}

/** The pair that occurs most often, the first by name among equals; none that occurs twice: empty. */
Pair most_frequent(const std::vector<Word>& words) {
  std::map<Pair, std::size_t> counts;
  for (const Word& word : words) {
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      counts[{word.symbols[i], word.symbols[i + 1]}] += word.count;
    }
  }
  Pair best;
  std::size_t most = 1;
  for (const auto& [pair, count] : counts) {
    if (count > most) {
      most = count;
      best = pair;
    }
  }
  return best;
}

void merge(std::vector<Word>& words, const Pair& pair) {
  for (Word& word : words) {
    auto& symbols = word.symbols;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      if (symbols[i] != pair.first || symbols[i + 1] != pair.second) continue;
      symbols[i] += symbols[i + 1];
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
  }
}

std::vector<std::string> byte_symbols() {
  std::vector<std::string> symbols;
  for (std::size_t byte = 0; byte < kBytes; ++byte) {
    symbols.push_back(text::to_byte_alphabet(std::string(1, static_cast<char>(byte))));
  }
  return symbols;
}

std::string write_tokenizer(const std::vector<std::string>& tokens, const std::vector<Pair>& merges,
                            const std::vector<std::string>& special) {
  Document document;
  document.object().name("version").value("1.0").name("truncation").null().name("padding").null();
  document.name("added_tokens").array();
  for (std::size_t i = 0; i < special.size(); ++i) {
    document.object().name("id").number(tokens.size() + i).name("content").value(special[i]);
    for (const char* rule : {"single_word", "lstrip", "rstrip", "normalized"}) document.name(rule).value(false);
    document.name("special").value(true).end_object();
  }
  document.end_array().name("normalizer").null().name("pre_tokenizer");
  write_pre_tokenizer(document);
  document.name("post_processor").null().name("decoder").object().name("type").value("ByteLevel");
  document.name("add_prefix_space").value(true).name("trim_offsets").value(true).name("use_regex").value(true);
  document.end_object().name("model").object().name("type").value("BPE").name("dropout").null();
  for (const char* none : {"unk_token", "continuing_subword_prefix", "end_of_word_suffix"}) document.name(none).null();
  for (const char* off : {"fuse_unk", "byte_fallback", "ignore_merges"}) document.name(off).value(false);
  document.name("vocab").object();
  for (std::size_t id = 0; id < tokens.size(); ++id) document.name(tokens[id].c_str()).number(id);
  document.end_object().name("merges").array();
  for (const Pair& pair : merges) document.array().value(pair.first).value(pair.second).end_array();
  document.end_array().end_object().end_object();
  return document.text();
}

}  // namespace

std::string train_byte_level_bpe(std::span<const std::string> texts, std::size_t vocabulary,
                                 const std::vector<std::string>& special) {
  if (vocabulary < kBytes) {
    throw Error(ErrorCode::kInvalidArgument,
                "a byte-level vocabulary has at least 256 tokens, " + std::to_string(vocabulary) + " is too few");
  }
  std::vector<Word> words = count_words(texts);
  std::vector<std::string> tokens = byte_symbols();
  std::vector<Pair> merges;
  while (tokens.size() < vocabulary) {
    const Pair pair = most_frequent(words);
    if (pair.first.empty()) break;
    merge(words, pair);
    merges.push_back(pair);
    tokens.push_back(pair.first + pair.second);
  }
  return write_tokenizer(tokens, merges, special);
}

}  // namespace gvl::training
