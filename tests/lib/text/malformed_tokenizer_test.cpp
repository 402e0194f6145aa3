/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer.hpp"
#include "text_test.hpp"

#include "../io/cost.hpp"

using namespace gvl;
using namespace gvl::text;
using namespace gvl::text::test;

namespace {

constexpr const char* kFile = "tokenizer.json";

/** A tokenizer.json with every part that is known; `from` in it is replaced by `to`. */
std::string document(const std::string& from = "", const std::string& to = "") {
  std::string text = R"({
    "added_tokens": [
      {"id": 2, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
       "special": true},
      {"id": 8, "content": "<x>", "single_word": true, "lstrip": true, "rstrip": true, "normalized": true,
       "special": false}],
    "normalizer": {"type": "Sequence", "normalizers": [
      {"type": "Prepend", "prepend": "_"}, {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}|\\s+"}, "behavior": "Isolated", "invert": false},
      {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "special_tokens": {"<s>": {"id": "<s>", "ids": [2], "tokens": ["<s>"]}}},
    "decoder": {"type": "Sequence", "decoders": [
      {"type": "Replace", "pattern": {"String": "_"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
      {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
    "model": {"type": "BPE", "dropout": null, "unk_token": "?", "continuing_subword_prefix": null,
      "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": true, "ignore_merges": false,
      "vocab": {"?": 0, "_": 1, "<s>": 2, "a": 3, "b": 4, "ab": 5, "<0x0A>": 6, "c": 7},
      "merges": ["a b"]}})";
  if (from.empty()) return text;
  const std::size_t at = text.find(from);
  ck_assert_msg(at != text.npos, "the test has no %s to replace", from.c_str());
  return text.replace(at, from.size(), to);
}

Tokenizer parse(const std::string& json) { return Tokenizer::parse(json, kFile); }

struct Case {
  const char* from;
  const char* to;
  ErrorCode code;
  const char* part;  // of the message, beside the file's name
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    expect_error(one.to, one.code, {kFile, one.part}, [&] { parse(document(one.from, one.to)); });
  }
}

constexpr ErrorCode kMalformed = ErrorCode::kMalformed;
constexpr ErrorCode kUnsupported = ErrorCode::kUnsupported;

}  // namespace

GVL_TEST(the_document_itself_is_right) {
  const Tokenizer tokenizer = parse(document());
  expect_ids("ab", tokenizer.encode("ab! <x>! a\n"), {2, 1, 5, 0, 8, 0, 1, 3, 0});
}

GVL_TEST(model) {
  expect_all({
      {R"("model": {)", R"("modell": {)", kMalformed, "model: is missing"},
      {R"("type": "BPE",)", "", kMalformed, "model.type: is missing"},
      {R"("type": "BPE")", R"("type": 3)", kMalformed, "model.type"},
      {R"("type": "BPE")", R"("type": "WordPiece")", kUnsupported, "model.type"},
      {R"("type": "BPE")", R"("type": "Unigram")", kUnsupported, "Unigram"},
      {R"("dropout": null)", R"("dropout": 0.1)", kUnsupported, "model.dropout"},
      {R"("continuing_subword_prefix": null)", R"("continuing_subword_prefix": "##")", kUnsupported,
       "model.continuing_subword_prefix"},
      {R"("end_of_word_suffix": null)", R"("end_of_word_suffix": 3)", kMalformed, "model.end_of_word_suffix"},
      {R"("fuse_unk": false)", R"("fuse_unk": "no")", kMalformed, "model.fuse_unk"},
      {R"("byte_fallback": true)", R"("byte_fallback": 1)", kMalformed, "model.byte_fallback"},
      {R"("ignore_merges": false)", R"("ignore_merges": [])", kMalformed, "model.ignore_merges"},
      {R"("unk_token": "?")", R"("unk_token": "!")", kMalformed, "model.unk_token"},
      {R"("unk_token": "?")", R"("unk_token": 0)", kMalformed, "model.unk_token"},
      {R"("vocab": {)", R"("words": {)", kMalformed, "model.vocab: is missing"},
      {R"("vocab": {)", R"("vocab": 5, "words": {)", kMalformed, "model.vocab"},
      {R"("a": 3)", R"("a": "3")", kMalformed, "model.vocab.a"},
      {R"("a": 3)", R"("a": 3.0)", kMalformed, "model.vocab.a"},
      {R"("a": 3)", R"("a": -1)", kMalformed, "model.vocab.a"},
      {R"("a": 3)", R"("a": 1048576)", kMalformed, "model.vocab.a"},
      {R"("a": 3)", R"("a": 9223372036854775807)", kMalformed, "model.vocab.a"},
      {R"("a": 3)", R"("a": 99999999999999999999)", kMalformed, "model.vocab.a"},
      {R"("a": 3)", R"("a": 4)", kMalformed, "has the id 4"},
      {R"("a": 3)", R"("a": 3, "a": 9)", kMalformed, "'a' is there twice"},
      {R"("a": 3)", R"("a": [3, {"b": "}"}])", kMalformed, "model.vocab.a: expected an integer, found an array"},
      {R"("merges": [)", R"("pairs": [)", kMalformed, "model.merges: is missing"},
      {R"("merges": ["a b"])", R"("merges": {})", kMalformed, "model.merges"},
      {R"(["a b"])", R"(["ab"])", kMalformed, "model.merges[0]"},
      {R"(["a b"])", R"(["a b c"])", kMalformed, "model.merges[0]"},
      {R"(["a b"])", R"(["a b", ["a"]])", kMalformed, "model.merges[1]"},
      {R"(["a b"])", R"([["a", "b", "c"]])", kMalformed, "model.merges[0]"},
      {R"(["a b"])", R"([["a", 4]])", kMalformed, "model.merges[0]"},
      {R"(["a b"])", R"([3])", kMalformed, "model.merges[0]"},
      {R"(["a b"])", R"(["a d"])", kMalformed, "'d' is not in the vocabulary"},
      {R"(["a b"])", R"(["b a"])", kMalformed, "'ba' is not in the vocabulary"},
      {R"(["a b"])", R"([" "])", kMalformed, "'' is not in the vocabulary"},
  });
}

GVL_TEST(added_tokens) {
  expect_all({
      {R"("added_tokens": [)", R"("added_tokens": 1, "other": [)", kMalformed, "added_tokens"},
      {R"("id": 8)", R"("id": 1)", kMalformed, "added_tokens[1].id"},
      {R"("id": 8)", R"("id": -8)", kMalformed, "added_tokens[1].id"},
      {R"("id": 8)", R"("id": 1048576)", kMalformed, "added_tokens[1].id"},
      {R"("id": 8)", R"("id": null)", kMalformed, "added_tokens[1].id"},
      {R"("id": 2, "content": "<s>")", R"("id": 9, "content": "<s>")", kMalformed, "'<s>' has the id 2 already"},
      {R"("content": "<x>")", R"("content": "")", kMalformed, "added_tokens[1].content"},
      {R"("content": "<x>")", R"("content": "<s>")", kMalformed, "has the id 2 already"},
      {R"("content": "<x>", )", "", kMalformed, "added_tokens[1].content: is missing"},
      {R"("single_word": true)", R"("single_word": "yes")", kMalformed, "added_tokens[1].single_word"},
      {R"("lstrip": true, )", "", kMalformed, "added_tokens[1].lstrip: is missing"},
      {R"("rstrip": true, )", "", kMalformed, "added_tokens[1].rstrip: is missing"},
      {R"("normalized": true)", R"("normalized": 1)", kMalformed, "added_tokens[1].normalized"},
      {R"("special": false)", R"("special": null)", kMalformed, "added_tokens[1].special"},
  });
  const std::string longest = R"("content": ")" + std::string(1025, 'x') + "\"";
  expect_error("long", kUnsupported, {kFile, "added_tokens[1].content"},
               [&] { parse(document(R"("content": "<x>")", longest)); });
}

GVL_TEST(normalizer) {
  expect_all({
      {R"("normalizer": {"type": "Sequence")", R"("normalizer": {"type": "NFKC")", kUnsupported, "normalizer.type"},
      {R"("normalizer": {"type": "Sequence", )", R"("normalizer": {)", kMalformed, "normalizer.type: is missing"},
      {R"("normalizer": {)", R"("normalizer": 7, "n": {)", kMalformed, "normalizer"},
      {R"("normalizers": [)", R"("normalizer": [)", kMalformed, "normalizer.normalizers: is missing"},
      {R"("type": "Prepend")", R"("type": "StripAccents")", kUnsupported, "normalizer.normalizers[0].type"},
      {R"("prepend": "_")", R"("prepend": 1)", kMalformed, "normalizer.normalizers[0].prepend"},
      {R"({"String": " "}, "content": "_"})", R"({"Regex": "("}, "content": "_"})", kMalformed,
       "normalizer.normalizers[1].pattern.Regex"},
      {R"({"String": " "}, "content": "_"})", R"({"String": ""}, "content": "_"})", kMalformed, "pattern.String"},
      {R"({"String": " "}, "content": "_"})", R"({"String": " "}})", kMalformed, "[1].content: is missing"},
  });
}

GVL_TEST(pre_tokenizer) {
  expect_all({
      {R"("type": "Split")", R"("type": "Metaspace")", kUnsupported, "pre_tokenizer.pretokenizers[0].type"},
      {R"("pretokenizers": [)", R"("pretokenizer": [)", kMalformed, "pre_tokenizer.pretokenizers: is missing"},
      {R"("Isolated")", R"("MergedWithPrevious")", kUnsupported, "[0].behavior"},
      {R"("Isolated")", R"(0)", kMalformed, "[0].behavior"},
      {R"("invert": false)", R"("invert": "no")", kMalformed, "[0].invert"},
      {R"({"Regex": "\\p{N}{1,3}|\\s+"})", R"({"Regex": "("})", kMalformed, "[0].pattern.Regex"},
      {R"({"Regex": "\\p{N}{1,3}|\\s+"})", R"({"Regex": "\\p{Nonsense}"})", kMalformed, "[0].pattern.Regex"},
      {R"({"Regex": "\\p{N}{1,3}|\\s+"})", R"({"Regex": "[a&&b]"})", kUnsupported, "[0].pattern.Regex"},
      {R"({"Regex": "\\p{N}{1,3}|\\s+"})", R"({"Regex": 1})", kMalformed, "[0].pattern.Regex"},
      {R"({"Regex": "\\p{N}{1,3}|\\s+"})", R"({})", kUnsupported, "[0].pattern"},
      {R"("pattern": {"Regex": "\\p{N}{1,3}|\\s+"}, )", "", kMalformed, "[0].pattern: is missing"},
      {R"("add_prefix_space": false, )", "", kMalformed, "[1].add_prefix_space: is missing"},
      {R"("use_regex": false)", R"("use_regex": "false")", kMalformed, "[1].use_regex"},
      {R"({"type": "ByteLevel")", R"({"type": "ByteLevel", "add_prefix_space": true}, {"type": "ByteLevel")",
       kUnsupported, "pretokenizers[2]: a second ByteLevel"},
  });
}

GVL_TEST(post_processor) {
  expect_all({
      {R"("type": "TemplateProcessing")", R"("type": "BertProcessing")", kUnsupported, "post_processor.type"},
      {R"("type": "TemplateProcessing")", R"("type": "RobertaProcessing")", kMalformed,
       "post_processor.cls: is missing"},
      {R"("type": "TemplateProcessing")", R"("type": "RobertaProcessing", "cls": ["<s>"])", kMalformed,
       "post_processor.cls"},
      {R"("type": "TemplateProcessing")", R"("type": "RobertaProcessing", "cls": ["<s>", 3])", kMalformed,
       "'<s>' has not the id 3"},
      {R"("type": "TemplateProcessing")", R"("type": "RobertaProcessing", "cls": ["<s>", 2], "sep": [2, 2])",
       kMalformed, "post_processor.sep"},
      {R"("single": [)", R"("double": [)", kMalformed, "post_processor.single: is missing"},
      {R"({"Sequence": {"id": "A", "type_id": 0}})", R"({"Sequence": {"id": "B"}})", kMalformed, "single[1].Sequence"},
      {R"(, {"Sequence": {"id": "A", "type_id": 0}})", "", kMalformed, "post_processor.single: has no Sequence"},
      {R"({"SpecialToken": {"id": "<s>", "type_id": 0}})", R"({"Sequence": {"id": "A"}})", kMalformed,
       "single[1].Sequence"},
      {R"({"SpecialToken": {"id": "<s>", "type_id": 0}})", R"({})", kMalformed, "single[0].SpecialToken: is missing"},
      {R"({"SpecialToken": {"id": "<s>", "type_id": 0}})", R"({"SpecialToken": {"id": "<t>"}})", kMalformed,
       "special_tokens.<t>: is missing"},
      {R"("ids": [2])", R"("ids": [77])", kMalformed, "ids[0]: no token has the id 77"},
      {R"("ids": [2])", R"("ids": ["2"])", kMalformed, "ids[0]"},
      {R"("ids": [2])", R"("ids": 2)", kMalformed, "ids"},
  });
  std::string many = R"("ids": [2)";
  for (int i = 0; i < 100; ++i) many += ", 2";
  expect_error("many", kUnsupported, {kFile, "ids[64]"}, [&] { parse(document(R"("ids": [2])", many + "]")); });
}

GVL_TEST(decoder) {
  expect_all({
      {R"("type": "ByteFallback")", R"("type": "WordPiece")", kUnsupported, "decoder.decoders[1].type"},
      {R"("decoders": [)", R"("decoder": [)", kMalformed, "decoder.decoders: is missing"},
      {R"({"String": "_"})", R"({"Regex": "_"})", kUnsupported, "decoder.decoders[0].pattern"},
      {R"("content": " ", "start": 1)", R"("content": "", "start": 1)", kMalformed, "decoders[3].content"},
      {R"("content": " ", "start": 1)", R"("content": "ab", "start": 1)", kMalformed, "decoders[3].content"},
      {R"("start": 1)", R"("start": -1)", kMalformed, "decoders[3].start"},
      {R"("stop": 0)", R"("stop": 0.5)", kMalformed, "decoders[3].stop"},
  });
}

GVL_TEST(bombs) {
  std::string steps;
  for (int i = 0; i < 65; ++i) steps += R"({"type": "Replace", "pattern": {"String": "_"}, "content": "__"},)";
  const std::string normalizers = R"("normalizers": [)";
  expect_error("steps", kUnsupported, {kFile, "normalizer", "64 steps"},
               [&] { parse(document(normalizers, normalizers + steps)); });
  std::string doubling;
  for (int i = 0; i < 40; ++i) doubling += R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"},)";
  const Tokenizer tokenizer = parse(document(normalizers, normalizers + doubling));
  expect_error("doubling", ErrorCode::kResource, {"longer than"}, [&] { tokenizer.encode("a"); });
  const Tokenizer slow = parse(document(R"("\\p{N}{1,3}|\\s+")", R"("(a+)+$")"));
  expect_error("backtracking", ErrorCode::kResource, {"Split pattern"},
               [&] { slow.encode(std::string(60, 'a') + "b"); });
  const Tokenizer bytes = parse(document(R"("\\p{N}{1,3}|\\s+")", R"("\\C")"));
  expect_error("bytes", kUnsupported, {"Split pattern"}, [&] { bytes.encode("é"); });
}

/** A file, and a text that is read and written by its tokenizer. */
struct Attack {
  const char* label;
  std::string from;  // of the document
  std::string to;
  std::string text = "a ab _ b";
};

void expect_cheap(const Attack& attack) {
  const std::string json = document(attack.from, attack.to);
  io::test::expect_cheap(attack.label, json.size() + attack.text.size(), [&] {
    const Tokenizer tokenizer = parse(json);
    tokenizer.decode(tokenizer.encode(attack.text));
  });
}

std::string added_token(std::size_t id, const std::string& content, bool normalized) {
  return R"({"id": )" + std::to_string(id) + R"(, "content": ")" + content +
         R"(", "single_word": false, "lstrip": false, "rstrip": false, "normalized": )" +
         (normalized ? "true" : "false") + R"(, "special": false},)";
}

std::string replace_step(const std::string& pattern, const std::string& content) {
  return R"({"type": "Replace", "pattern": {"String": ")" + pattern + R"("}, "content": ")" + content + R"("},)";
}

GVL_TEST(cost_is_in_proportion_to_the_file) {
  using io::test::repeated;
  const std::string added = R"("added_tokens": [)";
  const std::string normalizers = R"("normalizers": [)";
  std::string once, other;
  for (std::size_t i = 0; i < 3000; ++i) once += added_token(9 + i, "<" + std::to_string(i) + ">", i % 2 == 0);
  for (std::size_t i = 0; i < 6000; ++i) once += added_token(9, "<0>", i % 2 == 0);
  expect_cheap({"repeated added tokens", added, added + once});
  io::test::Random random;
  for (std::size_t i = 0; i < 5000; ++i) {
    std::string content;
    while (content.size() < 1000) content += static_cast<char>('a' + random.below(26));
    other += added_token(9 + i, content, i % 2 == 0);
  }
  expect_cheap({"added tokens that have nothing in common", added, added + other});

  const std::string doubling = repeated(13, replace_step("a", "aa"));
  const std::string halving = repeated(14, replace_step("aa", "a"));
  std::string words;
  for (std::size_t i = 0; i < 2000; ++i) words += added_token(9 + i, "a" + std::to_string(i), true);
  const std::string both = document(normalizers, normalizers + doubling + halving + doubling + halving);
  const std::string with_words = std::string(both).replace(both.find(added), added.size(), added + words);
  io::test::expect_cheap("normalizers that double and halve", with_words.size(),
                         [&] { parse(with_words).encode("a b"); });
  expect_cheap({"normalizers of one long word", normalizers,
                normalizers + repeated(12, replace_step("a", "aa")) +
                    repeated(40, replace_step(std::string(30000, 'a') + "b", "b"))});
  expect_cheap({"an id that is far", R"("c": 7)", R"("c": 1048575)"});
  expect_cheap(
      {"large patterns", R"("pretokenizers": [)",
       R"("pretokenizers": [)" +
           repeated(60,
                    R"({"type": "Split", "pattern": {"Regex": "(?:[a-zα-ω]{1,900}){9}"}, "behavior": "Isolated"},)")});
  const std::string template_of = R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}},
      {"Sequence": {"id": "A"}}], "special_tokens": {"<s>": {"ids": [2)" +
                                  repeated(60, ",2") + "]}}},";
  expect_cheap({"templates", R"("post_processor": {"type": "TemplateProcessing",)",
                R"("post_processor": {"type": "Sequence", "processors": [)" + repeated(3000, template_of) +
                    R"({"type": "ByteLevel"}]}, "more": {"type": "TemplateProcessing",)"});
  expect_cheap(
      {"special tokens", R"("single": [)", R"("single": [)" + repeated(20000, R"({"SpecialToken": {"id": "x"}},)")});
}

GVL_TEST(cost_is_in_proportion_to_the_text) {
  using io::test::repeated;
  const std::string decoders = R"("decoders": [)";
  expect_cheap(
      {"decoders that double", decoders, decoders + repeated(40, replace_step("b", "bb")), repeated(200, "b")});
  std::string token(10000, 'x');
  const std::string vocabulary = R"("vocab": {)";
  const std::string long_token = document(vocabulary, vocabulary + "\"" + token + "\": 9,");
  io::test::expect_cheap("a long token again and again", long_token.size() + 8000, [&] {
    const Tokenizer tokenizer = parse(long_token);
    const std::vector<std::int64_t> ids(1000, 9);
    expect_error("long tokens", ErrorCode::kResource, {"longer than"}, [&] { tokenizer.decode(ids); });
  });
  const std::string prepend = R"({"type": "Prepend", "prepend": "_"})";
  expect_cheap({"a long text before every piece", prepend,
                R"({"type": "Prepend", "prepend": ")" + std::string(60000, 'a') + "\"}", repeated(2000, "a<s>")});
  std::string nested;
  for (std::size_t i = 1; i < 1000; ++i) nested += added_token(8 + i, std::string(i, 'q'), false);
  const std::string added = R"("added_tokens": [)";
  expect_cheap({"added tokens within each other", added, added + nested, std::string(20000, 'q')});

  // Each place of the text costs nearly what PCRE2 allows for one; and all of them, together, minutes.
  const std::string pattern = R"("\\p{N}{1,3}|\\s+")";
  for (const std::string regex : {"(?:a|aa){1,14}b", "(a+)+$", "(?:a*)*b", "a*a*a*b", "(?<=a{0,50})b", "(a?){30}a{30}",
                                  "(?=(a+))\\\\1b", "(?:(?:a{1,9}){1,9}){1,9}b", "(?R)?a(?R)?b", "a*+b"}) {
    const std::string label = "pattern " + regex;
    const Attack attack{label.c_str(), pattern, "\"" + regex + "\"", std::string(4000, 'a') + "cb"};
    expect_cheap(attack);
  }
}

/** The patterns of published tokenizers are far from what a text may cost, also where every character is a word. */
GVL_TEST(published_patterns_are_cheap) {
  constexpr const char* kPatterns[] = {
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+)",
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+)"};
  for (const char* pattern : kPatterns) {
    const Tokenizer tokenizer = parse(document(R"("\\p{N}{1,3}|\\s+")", "\"" + std::string(pattern) + "\""));
    for (const char* unit : {"1!", "a b ", " ", "\n ", "a", "'re", "!", "é猫", "12 ", " \n"}) {
      std::string text;
      while (text.size() < 700000) text += unit;
      ck_assert_msg(!tokenizer.encode(text).empty(), "%s", unit);
    }
  }
}

GVL_TEST(files) {
  expect_error("missing", ErrorCode::kNotFound, {"no/such/file"}, [] { Tokenizer::load("no/such/file"); });
  const io::test::TemporaryFolder folder;
  for (const std::string content : {"{", "[]", "null", "5", "{}", "\xff\xfe", "{\"model\": {}}"}) {
    io::test::write_file(folder / "tokenizer.json", content);
    expect_error(content, kMalformed, {(folder / "tokenizer.json").string()},
                 [&] { Tokenizer::load(folder / "tokenizer.json"); });
  }
}

GVL_TEST(truncated_anywhere) {
  const std::string whole = document();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    expect_error(std::to_string(length), kMalformed, {kFile}, [&] { parse(whole.substr(0, length)); });
  }
  const std::string real = io::test::read_file(io::test::fixture("llama_c") / "tokenizer/tokenizer.json");
  for (std::size_t length = 0; length + 1 < real.size(); length += 997) {
    expect_error(std::to_string(length), kMalformed, {kFile}, [&] { parse(real.substr(0, length)); });
  }
}

/** What loads must also work. */
GVL_TEST(random_mutations) {
  io::test::Random random;
  const std::string whole = document();
  int loaded = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string json = io::test::mutate(whole, random);
    loaded += io::test::loads_or_throws(kFile, [&] {
      Tokenizer tokenizer = parse(json);
      const std::vector<std::string> names{"<0>", "<1>"};
      tokenizer.add_tokens(names);
      try {
        const auto ids = tokenizer.encode("<s>a <x>  ab <1> \n123é\xE1\xA0\x8E");
        tokenizer.decode(ids, i % 2 == 0);
      } catch (const Error&) {
        // The pattern may have become one that takes too long.
      }
    });
  }
  ck_assert_msg(loaded > 100 && loaded < 3900, "%d of the files load", loaded);
}
