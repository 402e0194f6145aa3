/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer.hpp"

#include "text/utf8.hpp"
#include "text_test.hpp"

using namespace gvl;
using namespace gvl::text;
using namespace gvl::text::test;

namespace {

/** A tokenizer.json of single letters and what `parts` says: `"normalizer": ...`. */
std::string letters(const std::string& parts, const std::string& added = "") {
  std::string vocabulary;
  int id = 0;
  for (const std::string letter : {"a", "b", "c", "x", " ", "▁", "ab", "bc", "abc", "Ġ", "Ġa", "?", "!"}) {
    vocabulary += (id ? ", \"" : "\"") + letter + "\": " + std::to_string(id);
    ++id;
  }
  return R"({"added_tokens": [)" + added + "], " + parts + (parts.empty() ? "" : ", ") +
         R"("model": {"type": "BPE", "unk_token": "?", "vocab": {)" + vocabulary +
         R"(}, "merges": ["a b", ["b", "c"], ["ab", "c"], ["Ġ", "a"]]}})";
}

std::string added_token(int id, const std::string& content, const std::string& flags) {
  std::string text = R"({"id": )" + std::to_string(id) + R"(, "content": ")" + content + "\"";
  for (const std::string name : {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
    text += ", \"" + name + "\": " + (flags.find(name) == flags.npos ? "false" : "true");
  }
  return text + "}";
}

/** Tokens of a text in brackets. */
std::string tokens(const Tokenizer& tokenizer, const std::string& text) {
  std::string result;
  for (const std::int64_t id : tokenizer.encode(text)) result += "[" + *tokenizer.id_to_token(id) + "]";
  return result;
}

std::string tokens(const std::string& parts, const std::string& added, const std::string& text) {
  return tokens(Tokenizer::parse(letters(parts, added), "tokenizer.json"), text);
}

}  // namespace

GVL_TEST(encodes_and_decodes_as_the_reference) {
  for (const auto& folder : fixture_folders()) {
    const Fixture fixture(folder);
    for (const io::JsonValue& known : fixture.expected.array("tokenizer").elements()) {
      const std::vector<std::int64_t> ids = integers(known.array("ids"));
      expect_ids(fixture.name + " " + known.string("text"), fixture.tokenizer->encode(known.string("text")), ids);
      expect_text(fixture.tokenizer->decode(ids), known.string("decoded"));
    }
  }
}

GVL_TEST(knows_its_tokens) {
  const Fixture phi(io::test::fixture("phi_c"));
  ck_assert_int_eq(phi.tokenizer->token_to_id("<|endoftext|>").value(), 1100);
  ck_assert_int_eq(phi.tokenizer->token_to_id("<0>").value(), 1106);
  ck_assert(!phi.tokenizer->token_to_id("<301>"));
  expect_text(phi.tokenizer->id_to_token(1407).value(), "<timestamp_grounding>");
  ck_assert_int_eq(phi.tokenizer->size(), 1408);
  for (const std::int64_t id : {INT64_MIN, std::int64_t{-1}, std::int64_t{1408}, INT64_MAX}) {
    ck_assert(!phi.tokenizer->id_to_token(id));
    ck_assert(!phi.temporal.temporal_of(id));
    expect_text(phi.tokenizer->decode(std::vector<std::int64_t>{id}), "");
  }
  ck_assert_int_eq(phi.temporal.temporal_of(1106 + 300).value(), 300);
  ck_assert(!phi.temporal.temporal_of(1407) && !phi.temporal.temporal_of(1105));
  ck_assert_int_eq(phi.temporal.grounding_id(), 1407);
}

GVL_TEST(special_tokens_are_decoded_on_request) {
  const Fixture phi(io::test::fixture("phi_c"));
  const auto ids = phi.tokenizer->encode("<|user|>\nhi<|end|>");
  expect_text(phi.tokenizer->decode(ids), "hi");
  expect_text(phi.tokenizer->decode(ids, false), "<|user|> hi<|end|>");
}

GVL_TEST(adding_twice_changes_nothing) {
  Tokenizer tokenizer = Tokenizer::load(io::test::fixture("llama_c") / "tokenizer/tokenizer.json");
  const std::vector<std::string> names{"<0>", "<1>", "<0>", "<|eot_id|>", "the"};
  const auto added = tokenizer.add_tokens(names);
  const std::int64_t size = tokenizer.size();
  expect_ids("again", tokenizer.add_tokens(names), added);
  ck_assert_int_eq(tokenizer.size(), size);
  ck_assert_int_eq(added[0], added[2]);
  ck_assert_int_eq(added[3], 1204);
  expect_text(tokenizer.decode(std::vector<std::int64_t>{1204}), "");
}

GVL_TEST(refuses_to_add_what_is_no_token) {
  Tokenizer tokenizer = Tokenizer::load(io::test::fixture("llama_c") / "tokenizer/tokenizer.json");
  const std::int64_t size = tokenizer.size();
  for (const std::string& content : {std::string(), std::string("\xff"), std::string(1025, 'x')}) {
    const std::vector<std::string> names{"<0>", content};
    expect_error("add", ErrorCode::kInvalidArgument, {"a token to add"}, [&] { tokenizer.add_tokens(names); });
  }
  ck_assert_int_eq(tokenizer.size(), size);
}

GVL_TEST(merges_in_order_of_rank) {
  expect_text(tokens("", "", "abc"), "[abc]");
  expect_text(tokens("", "", "bcab"), "[bc][ab]");
  expect_text(tokens("", "", "aab bc"), "[a][ab][ ][bc]");
  expect_text(tokens("", "", "zaz"), "[?][a][?]");
  expect_text(tokens("", "", "zz"), "[?][?]");
}

GVL_TEST(falls_back_to_bytes) {
  const auto tokenizer = [](const std::string& options, const std::string& vocabulary) {
    return Tokenizer::parse(
        R"({"decoder": {"type": "ByteFallback"}, "model": {"type": "BPE", "byte_fallback": true, )" + options +
            R"("vocab": {"?": 0, "a": 1, )" + vocabulary + R"(}, "merges": []}})",
        "tokenizer.json");
  };
  const Tokenizer whole = tokenizer(R"("unk_token": "?", "fuse_unk": true, )", R"("<0xC3>": 2, "<0xA9>": 3)");
  expect_ids("bytes", whole.encode("aé"), {1, 2, 3});
  expect_text(whole.decode(std::vector<std::int64_t>{1, 2, 3}), "aé");
  expect_text(whole.decode(std::vector<std::int64_t>{2, 1, 3, 2}), "\uFFFDa\uFFFD\uFFFD");
  expect_ids("fused unknown", whole.encode("zza"), {0, 1});
  // Bytes overtake the unknown token before them, as in the library.
  expect_ids("order", whole.encode("zéa"), {2, 3, 0, 1});
  expect_ids("one byte is missing", tokenizer(R"("unk_token": "?", )", R"("<0xC3>": 2)").encode("é"), {0});
  expect_ids("no unknown token", tokenizer("", R"("<0xC3>": 2)").encode("éa"), {1});
}

/** A tokenizer.json of CLIP's kind: small letters and their last forms. */
GVL_TEST(reads_words_with_an_end) {
  const Tokenizer tokenizer = Tokenizer::parse(
      R"({"added_tokens": [{"id": 9, "content": "<end>", "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true}],
      "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
        {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
      "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\p{L}+|\\p{N}"}, "behavior": "Removed", "invert": true},
      "post_processor": {"type": "RobertaProcessing", "cls": ["<s>", 8], "sep": ["<end>", 9]},
      "model": {"type": "BPE", "unk_token": "?", "end_of_word_suffix": "</w>",
        "vocab": {"?": 0, "a": 1, "a</w>": 2, "b": 3, "b</w>": 4, "ab</w>": 5, "\u00e9</w>": 6, "1</w>": 7, "<s>": 8},
        "merges": ["a b</w>"]}})",
      "tokenizer.json");
  expect_ids("merged at the end only", tokenizer.encode("AB ab.aba"), {8, 5, 5, 1, 3, 2, 9});
  expect_ids("composed", tokenizer.encode("e\u0301\t\n11"), {8, 6, 7, 7, 9});
  expect_ids("nothing", tokenizer.encode(" .\u00a0 "), {8, 9});
  EncodeOptions untrusted;
  untrusted.untrusted = {{0, 5}};
  expect_ids("a user's is no end", tokenizer.encode("<end>", untrusted), {8, 0, 0, 0, 9});
}

/** GLib's time for it grows with its square. */
GVL_TEST(refuses_endless_accents) {
  const Tokenizer tokenizer =
      Tokenizer::parse(R"({"normalizer": {"type": "NFC"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
                       "tokenizer.json");
  std::string text = "a";
  for (int i = 0; i < 1000000; ++i) text += "\u0301";
  expect_error("accents", ErrorCode::kResource, {"composing characters"}, [&] { tokenizer.encode(text); });
}

/** The vocabulary and the merges are read on their own, beside the rest of the JSON. */
GVL_TEST(reads_json_as_it_may_be_written) {
  const Tokenizer tokenizer = Tokenizer::parse(
      R"( { "mod\u0065l" : { "vocab": {"old": 9}, "type" : "BPE", "\u0076ocab"
      : { "\u0061" : 0 , "\"" : 1, "\\" : 2, "\ud83d\ude00" : 3, "\n\t" : 4, "\"\\" : 5, "a\u0022" : 6, "\n" : 7,
      "\t" : 8, "{" : 9, "]" : 10, "{]" : 11 }
      , "merges" : [ "\" \\" , [ "\u0061" , "\"" ] , [ "{", "]" ], "\n \t" ] , "more": [{"vocab": {}}, "]"] } } )",
      "tokenizer.json");
  expect_ids("merged", tokenizer.encode("\"\\a\"{]\n\t😀"), {5, 6, 11, 4, 3});
  expect_ids("apart", tokenizer.encode("\\\"]{"), {2, 1, 10, 9});
  ck_assert(!tokenizer.token_to_id("old"));
}

GVL_TEST(ignores_merges_for_whole_words) {
  const std::string json =
      R"({"model": {"type": "BPE", "ignore_merges": IGNORE, "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": []}})";
  const auto ids = [&](const char* ignore) {
    std::string text = json;
    return Tokenizer::parse(text.replace(text.find("IGNORE"), 6, ignore), "tokenizer.json").encode("ab");
  };
  expect_ids("ignored", ids("true"), {2});
  expect_ids("not ignored", ids("false"), {0, 1});
}

GVL_TEST(normalizes) {
  expect_text(tokens(R"("normalizer": {"type": "Prepend", "prepend": "▁"})", "", "a"), "[▁][a]");
  expect_text(tokens(R"("normalizer": {"type": "Prepend", "prepend": "▁"})", "", ""), "");
  expect_text(
      tokens(R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"String": "xx"},
                "content": "b"}, {"type": "Sequence", "normalizers": []}]})",
             "", "axxxc"),
      "[ab][x][c]");
}

GVL_TEST(splits_into_words) {
  const auto split = [](const std::string& pattern, const std::string& behavior, const std::string& text) {
    return tokens(R"("pre_tokenizer": {"type": "Split", "pattern": {)" + pattern + R"(}, "behavior": ")" + behavior +
                      R"(", "invert": false})",
                  "", text);
  };
  expect_text(split(R"("Regex": "b")", "Isolated", "abcab"), "[a][b][c][a][b]");
  expect_text(split(R"("Regex": "b|x+")", "Removed", "abcxxab"), "[a][c][a]");
  expect_text(split(R"("String": ".")", "Isolated", "abc"), "[abc]");
  expect_text(split(R"re("Regex": "(?=c)")re", "Isolated", "abcabc"), "[ab][c][ab][c]");
  // U+180E is no white space.
  expect_text(split(R"("Regex": "\\s")", "Removed", "a \u180Ec"), "[a][?][c]");
}

GVL_TEST(byte_level) {
  const auto byte_level = [](const std::string& options) {
    return R"("pre_tokenizer": {"type": "ByteLevel", "trim_offsets": true, )" + options +
           R"(}, "decoder": {"type": "ByteLevel"})";
  };
  expect_text(tokens(byte_level(R"("add_prefix_space": true)"), "", "a a"), "[Ġa][Ġa]");
  expect_text(tokens(byte_level(R"("add_prefix_space": false, "use_regex": false)"), "", "a ab"), "[a][Ġ][ab]");
  expect_text(tokens(byte_level(R"("add_prefix_space": false)"), "", "a  a"), "[a][Ġ][Ġa]");
}

GVL_TEST(matches_added_tokens) {
  const std::string long_and_short = added_token(13, "<a", "special") + "," + added_token(14, "<a>", "special");
  expect_text(tokens("", long_and_short, "b<a>c<ab"), "[b][<a>][c][<a][b]");
  expect_text(tokens("", added_token(3, "x", "lstrip rstrip"), "a  x  b"), "[a][x][b]");
  expect_text(tokens("", added_token(3, "x", "rstrip"), "a x\u00A0\n b"), "[a][ ][x][b]");
  expect_text(tokens("", added_token(13, "ax", "single_word"), "ax bax axa"), "[ax][ ][b][a][x][ ][a][x][a]");
  const std::string prepend = R"("normalizer": {"type": "Prepend", "prepend": "▁"})";
  expect_text(tokens(prepend, added_token(3, "x", "normalized"), "x▁x"), "[x][x]");
  expect_text(tokens(prepend, added_token(3, "x", "normalized"), "bx"), "[▁][b][x]");
  expect_text(tokens(prepend, added_token(3, "x", ""), "xb"), "[x][▁][b]");
}

GVL_TEST(puts_template_tokens_around) {
  const std::string added = added_token(13, "<s>", "special") + "," + added_token(14, "</s>", "special");
  const std::string parts = R"("post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"},
    {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}},
    {"SpecialToken": {"id": "</s>"}}], "special_tokens": {"<s>": {"ids": [13, 0]}, "</s>": {"ids": [14]}}}]})";
  const Tokenizer tokenizer = Tokenizer::parse(letters(parts, added), "tokenizer.json");
  expect_ids("with", tokenizer.encode("b"), {13, 0, 1, 14});
  expect_ids("empty", tokenizer.encode(""), {13, 0, 14});
  expect_ids("without", tokenizer.encode("b", false), {1});
}

GVL_TEST(decodes_step_by_step) {
  const auto decode = [](const std::string& decoder, const std::vector<std::int64_t>& ids) {
    return Tokenizer::parse(letters(R"("decoder": )" + decoder), "tokenizer.json").decode(ids);
  };
  expect_text(decode("null", {0, 1, 12}), "a b !");
  expect_text(decode(R"({"type": "Fuse"})", {0, 1}), "ab");
  expect_text(decode(R"({"type": "Replace", "pattern": {"String": "▁"}, "content": " "})", {5, 0, 5}), " a ");
  const std::string strip = R"({"type": "Strip", "content": "a", "start": 1, "stop": 2})";
  expect_text(decode(strip, {0, 1, 0, 8}), "bbc");
  expect_text(decode(R"({"type": "Sequence", "decoders": [{"type": "Fuse"}, )" + strip + "]}", {0, 0, 1, 0, 0, 0}),
              "aba");
}

GVL_TEST(untrusted_text_names_no_tokens) {
  const std::string added = added_token(13, "<e>", "special") + "," + added_token(14, "<t>", "normalized");
  const std::string prepend = R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]})";
  const Tokenizer tokenizer = Tokenizer::parse(letters(prepend, added), "tokenizer.json");
  const std::string text = "<e> <t>a<e> <t>";
  const std::int64_t unknown = 11;
  EncodeOptions options;
  expect_ids("trusted", tokenizer.encode(text, options), {13, 5, 14, 0, 13, 5, 14});
  options.untrusted = {{8, text.size()}};
  expect_ids("untrusted", tokenizer.encode(text, options),
             {13, 5, 14, 0, unknown, unknown, unknown, 5, unknown, unknown, unknown});
  options.permitted = [](std::int64_t id) { return id == 14; };
  expect_ids("permitted", tokenizer.encode(text, options), {13, 5, 14, 0, unknown, unknown, unknown, 14});
  // A token that is only in part a user's is none either.
  options.untrusted = {{1, 2}};
  expect_ids("in part", tokenizer.encode("<e>", options), {5, unknown, unknown, unknown});
  options.untrusted = {{1, 9}};
  expect_error("range", ErrorCode::kInvalidArgument, {"untrusted"}, [&] { tokenizer.encode("<e>", options); });
}

GVL_TEST(refuses_what_is_no_utf8) {
  const Fixture phi(io::test::fixture("phi_c"));
  for (const std::string text : {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    expect_error(text, ErrorCode::kInvalidArgument, {"UTF-8"}, [&] { phi.tokenizer->encode(text); });
  }
}

GVL_TEST(zero_is_a_character) {
  for (const auto& folder : fixture_folders()) {
    const Fixture fixture(folder);
    const std::string text("car\0 \0<5> road", 14);
    expect_text(fixture.tokenizer->decode(fixture.tokenizer->encode(text)), text);
  }
}

/** One word for Phi, whose tokenizer has no pre-tokenizer: this takes minutes unless merging is O(n log n). */
GVL_TEST(long_texts) {
  for (const auto& folder : fixture_folders()) {
    const Fixture fixture(folder);
    for (const std::string unit : {"A car drives along the road at <5> km/h. ", "a", " ", "é猫", "<5>", "<|end|>x"}) {
      std::string text;
      while (text.size() < 100000) text += unit;
      const auto ids = fixture.tokenizer->encode(text);
      ck_assert(!ids.empty());
      if (unit[0] != '<') expect_text(fixture.tokenizer->decode(ids), text);
    }
  }
}

GVL_TEST(decodes_any_ids_to_valid_text) {
  io::test::Random random;
  for (const auto& folder : fixture_folders()) {
    const Fixture fixture(folder);
    for (int i = 0; i < 500; ++i) {
      std::vector<std::int64_t> ids(random.below(40));
      for (auto& id : ids) id = static_cast<std::int64_t>(random.below(fixture.tokenizer->size() + 2)) - 1;
      const std::string text = fixture.tokenizer->decode(ids, i % 2 == 0);
      ck_assert(!find_invalid_utf8(text));
      fixture.tokenizer->encode(text);
    }
  }
}

GVL_TEST(replaces_invalid_utf8_as_unicode_recommends) {
  expect_text(to_valid_utf8("a\xf0\x80\x80\x41"), "a\uFFFD\uFFFD\uFFFDA");
  expect_text(to_valid_utf8("\xe2\x82\xe2\x82\xac"), "\uFFFD€");
  expect_text(to_valid_utf8("\xf0\x9f\x98"), "\uFFFD");
  expect_text(to_valid_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
  expect_text(to_valid_utf8("\xc3(\xff"), "\uFFFD(\uFFFD");
}
