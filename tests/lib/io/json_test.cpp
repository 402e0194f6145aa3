/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/json.hpp"

#include "cost.hpp"
#include "gvl/json_line.hpp"
#include "io/quote.hpp"
#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;

namespace {

JsonValue parse(const std::string& text) { return JsonValue::parse(text, "config.json"); }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

const std::vector<std::string> kNotJson = {"",
                                           " ",
                                           "{",
                                           "[",
                                           "[1",
                                           "[1,",
                                           "[1,]",
                                           "[,1]",
                                           "{\"a\"}",
                                           "{\"a\":}",
                                           "{\"a\":1,}",
                                           "{a:1}",
                                           "{1:1}",
                                           "{'a':1}",
                                           "{\"a\" 1}",
                                           "[1 2]",
                                           "[1}",
                                           "{\"a\":1]",
                                           "1 2",
                                           "]",
                                           "}",
                                           ",",
                                           ":",
                                           "tru",
                                           "truee",
                                           "nul",
                                           "NaN",
                                           "Infinity",
                                           "-",
                                           "+1",
                                           "01",
                                           "-01",
                                           "1.",
                                           ".5",
                                           "1e",
                                           "1e+",
                                           "0x10",
                                           "1.5.2",
                                           "'a'",
                                           "\"a",
                                           "\"\\",
                                           "\"\\x\"",
                                           "\"\\u12\"",
                                           "\"\\u12G4\"",
                                           "\"\\ud800\"",
                                           "\"\\ud800x\"",
                                           "\"\\ud800\\n\"",
                                           "\"\\ud800\\u0041\"",
                                           "\"\\udc00\"",
                                           "\"\\u0000\"",
                                           "\"\n\"",
                                           "\"\t\"",
                                           "// c\n1",
                                           "/* c */ 1",
                                           "# c\n1",
                                           "[1 /* c */]",
                                           "var x = 1;",
                                           "\xef\xbb\xbf{}",
                                           "\"\xff\"",
                                           "\"\xc3\"",
                                           "\"\xed\xa0\x80\"",
                                           "\"\xc0\x80\"",
                                           std::string("\"\0\"", 3),
                                           std::string("1\0", 2),
                                           "\f1",
                                           "{\"a\":1}{",
                                           "{\"a\":1}}"};

}  // namespace

GVL_TEST(reads_values) {
  const JsonValue root = parse(
      R"({"spatial": {"heads": 16, "eps": 1e-5, "name": "CLIP \u00e9 \ud83d\ude00 \"\\\/\n", "on": true, "off": false,
         "none": null, "mean": [0.5, 1, -2.25e0]}, "zero": [0, -0, 0.0, -9223372036854775807, 9223372036854775807]})");
  const JsonValue spatial = root.object("spatial");
  ck_assert_int_eq(spatial.integer("heads"), 16);
  ck_assert_int_eq(spatial.integer("heads", 16, 16), 16);
  ck_assert_double_eq(spatial.number("eps"), 1e-5);
  ck_assert_double_eq(spatial.number("heads"), 16);
  expect_text(spatial.string("name"), "CLIP \xc3\xa9 \xf0\x9f\x98\x80 \"\\/\n");
  ck_assert(spatial.boolean("on") && !spatial.boolean("off"));
  ck_assert(!spatial.has("none") && !spatial.has("absent") && spatial.has("heads"));
  ck_assert_int_eq(spatial.integer_or("none", 7), 7);
  ck_assert_int_eq(spatial.integer_or("heads", 7), 16);
  ck_assert_double_eq(spatial.number_or("absent", 2.5), 2.5);
  ck_assert(spatial.boolean_or("absent", true));
  expect_text(spatial.string_or("absent", "x"), "x");
  ck_assert_int_eq(spatial.array("mean").size(), 3);
  ck_assert_double_eq(spatial.array("mean").elements()[2].as_number(), -2.25);
  ck_assert_int_eq(root.array("zero").at(std::size_t{3}).as_integer(), -9223372036854775807);
  ck_assert_int_eq(root.array("zero").at(std::size_t{4}).as_integer(), INT64_MAX);
  expect_text(root.members()[0].first, "spatial");
}

GVL_TEST(values_outlive_their_root) {
  const JsonValue mean = parse(R"({"a": {"mean": [1, 2]}})").object("a").array("mean");
  ck_assert_int_eq(mean.at(std::size_t{1}).as_integer(), 2);
  expect_text(mean.path(), "a.mean");
}

GVL_TEST(last_of_repeated_members_counts) {
  const JsonValue root = parse(R"({"a": 1, "b": {"c": 1, "c": 2}, "a": 3})");
  ck_assert_int_eq(root.integer("a"), 3);
  ck_assert_int_eq(root.object("b").integer("c"), 2);
  expect_text(root.repeated_member().value(), "a");
  ck_assert(!parse(R"({"b": {"c": 1, "c": 2}})").repeated_member());
}

GVL_TEST(wrong_values_name_the_member) {
  const JsonValue root = parse(R"({"spatial": {"heads": "16", "layers": 2.5, "size": -1, "big": 18446744073709551615,
      "huge": 1e400, "mean": [1, "x"], "none": null}, "list": []})");
  const JsonValue spatial = root.object("spatial");
  const struct {
    const char* part;
    std::function<void()> run;
  } cases[] = {
      {"config.json: spatial.heads: expected an integer, found a string", [&] { spatial.integer("heads"); }},
      {"config.json: spatial.layers: expected an integer, found a number", [&] { spatial.integer("layers"); }},
      {"config.json: spatial.size: -1 is not within 1 to 100", [&] { spatial.integer("size", 1, 100); }},
      {"config.json: spatial.big: expected an integer, found a number", [&] { spatial.integer("big"); }},
      {"config.json: spatial.huge: the number is too large", [&] { spatial.number("huge"); }},
      {"config.json: spatial.absent: is missing", [&] { spatial.number("absent"); }},
      {"config.json: spatial.none: expected a bool, found null", [&] { spatial.boolean("none"); }},
      {"config.json: spatial.size: expected a string, found an integer", [&] { spatial.string("size"); }},
      {"config.json: spatial.mean[1]: expected a number", [&] { spatial.array("mean").elements()[1].as_number(); }},
      {"config.json: spatial.mean: has 2 elements", [&] { spatial.array("mean").at(std::size_t{2}); }},
      {"config.json: spatial.mean: expected an object, found an array", [&] { spatial.object("mean"); }},
      {"config.json: list: expected an object", [&] { root.at("list").at("x"); }},
      {"config.json: spatial: expected an array, found an object", [&] { root.array("spatial"); }},
      {"config.json: spatial.heads: expected an object", [&] { spatial.at("heads").size(); }},
      {"config.json: spatial.heads: expected a number", [&] { spatial.number_or("heads", 1); }},
      {"config.json: custom", [&] { throw root.error("custom"); }},
  };
  for (const auto& test : cases) expect_error(test.part, ErrorCode::kMalformed, {test.part}, test.run);
}

GVL_TEST(members_that_nobody_reads_are_named) {
  const JsonValue root = parse(R"({"data": {"seed": 1, "sed": null}})");
  root.allow_members({"data", "model"});
  expect_error("sed", ErrorCode::kMalformed, {"config.json: data.sed: "},
               [&] { root.object("data").allow_members({"seed"}); });
  expect_error("no object", ErrorCode::kMalformed, {"data.seed"},
               [&] { root.object("data").at("seed").allow_members({}); });
}

GVL_TEST(integers_beyond_64_bits_are_numbers) {
  const JsonValue root = parse("[1000000000000000019884624838656, -9223372036854775809, 1]");
  ck_assert_double_eq(root.at(std::size_t{0}).as_number(), 1e30);
  ck_assert_double_eq(root.at(std::size_t{1}).as_number(), -9223372036854775808.0);
  ck_assert_int_eq(root.at(std::size_t{2}).as_integer(), 1);
}

GVL_TEST(refuses_what_is_not_json) {
  for (const std::string& text : kNotJson) {
    expect_error(text, ErrorCode::kMalformed, {"config.json: not valid JSON"}, [&] { parse(text); });
  }
}

GVL_TEST(holds_its_limits) {
  ck_assert_int_eq(parse(nested(64)).size(), 1);
  expect_error("65 levels", ErrorCode::kMalformed, {"config.json", "nested deeper than 64"}, [] { parse(nested(65)); });
  expect_error("a million levels", ErrorCode::kMalformed, {"nested deeper"}, [] { parse(nested(1000000)); });
  expect_error("open levels", ErrorCode::kMalformed, {"nested deeper"}, [] { parse(std::string(1000000, '[')); });
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  expect_error("objects", ErrorCode::kMalformed, {"nested deeper"}, [&] { parse(objects); });

  JsonLimits limits;
  limits.bytes = 10;
  ck_assert_int_eq(JsonValue::parse("[1,2,3,4 ]", "a", limits).size(), 4);
  expect_error("bytes", ErrorCode::kMalformed, {"list.json", "limit of 10"},
               [&] { JsonValue::parse("[1,2,3,4  ]", "list.json", limits); });
  limits.values = 3;
  ck_assert_int_eq(JsonValue::parse("[1,2]", "a", limits).size(), 2);
  expect_error("values", ErrorCode::kMalformed, {"list.json", "more than 3 values"},
               [&] { JsonValue::parse("[1,2,3]", "list.json", limits); });
}

GVL_TEST(loads_files) {
  const JsonValue tokenizer = JsonValue::load(fixture("phi_c/tokenizer/tokenizer.json"));
  ck_assert(tokenizer.object("model").object("vocab").size() > 100);
  ck_assert(JsonValue::load(fixture("llama_c/expected.json")).size() > 5);

  const TemporaryFolder folder;
  write_file(folder / "empty.json", "");
  expect_error("empty", ErrorCode::kMalformed, {"empty.json", "is empty"},
               [&] { JsonValue::load(folder / "empty.json"); });
  expect_error("missing", ErrorCode::kNotFound, {"none.json"}, [&] { JsonValue::load(folder / "none.json"); });
  expect_error("folder", ErrorCode::kNotFound, {"is a folder"}, [&] { JsonValue::load(folder.path()); });
}

GVL_TEST(survives_truncation_and_mutation) {
  const std::string text =
      read_file(fixture("phi_c/Phi-3.5-vision-instruct-seperated/language_model_seperated/config.json"));
  for (std::size_t length = 0; length < text.find_last_of('}'); ++length) {
    expect_error("cut at " + std::to_string(length), ErrorCode::kMalformed, {"config.json"},
                 [&] { parse(text.substr(0, length)); });
  }
  const std::string rich = text.substr(0, text.find_last_of('}')) +
                           R"(, "x": [1.5e-3, -7, "\ud83d\ude00\u00e9\n", {"y": [[], {}, null, true]}]})";
  Random random;
  int loaded = 0;
  for (int i = 0; i < 20000; ++i) {
    loaded += loads_or_throws("config.json", [&, changed = mutate(rich, random)] { parse(changed).members(); });
  }
  ck_assert(loaded > 0 && loaded < 20000);
}

GVL_TEST(quotes_text_for_messages) {
  expect_text(quote("lm_head.weight \xc3\xa9"), "'lm_head.weight \xc3\xa9'");
  expect_text(quote("a\n\xff\x01"), "'a\\x0a\\xff\\x01'");
  expect_text(quote(std::string("a\0b", 3)), "'a\\x00b'");
  ck_assert_int_eq(quote(std::string(1000000, 'x')).size(), 205);
}

/** Many small values cost most; names that fall on the same place of a hash table cost their square. */
GVL_TEST(cost_is_in_proportion) {
  const auto read = [](const std::string& label, const std::string& text) {
    expect_cheap(label, text.size(), [&] {
      const JsonValue root = parse(text);
      if (root.is_array()) {
        root.elements();
      } else {
        root.members();
      }
    });
  };
  read("numbers", "[" + joined(2000000, [](std::size_t) { return "0"; }) + "]");
  read("arrays", "[" + joined(2000000, [](std::size_t) { return "[]"; }) + "]");
  read("objects", "[" + joined(2000000, [](std::size_t) { return "{}"; }) + "]");
  read("members", "{" + joined(1000000, [](std::size_t i) { return "\"" + std::to_string(i) + "\":0"; }) + "}");
  read("equal members", "{" + joined(1000000, [](std::size_t) { return "\"a\":0"; }) + "}");
  // "Ab" and "BA" have the same hash for g_str_hash(), so have all texts made of them.
  const auto colliding = [](std::size_t i) {
    std::string name = "\"";
    for (int bit = 0; bit < 16; ++bit) name += i >> bit & 1 ? "Ab" : "BA";
    return name + "\":0";
  };
  read("colliding members", "{" + joined(60000, colliding) + "}");
  // Each element's path would repeat the name.
  const std::string name(500000, 'n');
  const std::string named = "{\"" + name + "\":[" + joined(50000, [](std::size_t) { return "0"; }) + "]}";
  expect_cheap("a long name", named.size(), [&] {
    for (const JsonValue& value : parse(named).members()[0].second.elements()) value.as_integer();
  });
}

GVL_TEST(members_are_found_by_their_names) {
  const JsonValue root = parse(R"({"a\"b": 1, "a\\": 2, "\u00e9": 3, "ab": 4, "a": {"x": null, "x": 5}, "ab": 6})");
  ck_assert_int_eq(root.integer("a\"b"), 1);
  ck_assert_int_eq(root.integer("a\\"), 2);
  ck_assert_int_eq(root.integer("\xc3\xa9"), 3);
  ck_assert_int_eq(root.integer("ab"), 6);
  ck_assert_int_eq(root.object("a").integer("x"), 5);
  ck_assert(!(root.has("abc") || root.has("") || root.has("x")));
  ck_assert_int_eq(root.size(), 5);
  expect_text(root.members()[3].first, "ab");
  ck_assert_int_eq(root.members()[3].second.as_integer(), 6);
  expect_error("names", ErrorCode::kMalformed, {"a.x: expected a string, found an integer"},
               [&] { root.object("a").string("x"); });
}

GVL_TEST(lines_are_read_one_by_one) {
  const JsonMembers members =
      read_json_line(R"({"a": 1, "b": 2.5, "c": "x", "d": true, "e": null, "f": [1], "g": 1e30})");
  ck_assert(std::get<std::int64_t>(members.at("a")) == 1 && std::get<double>(members.at("b")) == 2.5);
  ck_assert(std::get<std::string>(members.at("c")) == "x" && std::get<bool>(members.at("d")));
  ck_assert(std::holds_alternative<std::nullptr_t>(members.at("e")));
  ck_assert(std::holds_alternative<NestedJson>(members.at("f")) && std::get<double>(members.at("g")) == 1e30);
  for (const std::string& bad : {std::string(75000, '['), std::string("[]"), std::string(R"({"a": "\ud800"})"),
                                 std::string(kLongestJsonLine, ' ') + "{}"}) {
    expect_error(bad.substr(0, 10), ErrorCode::kMalformed, {}, [&] { read_json_line(bad); });
  }

  try {
    read_json_line("[");
    ck_abort_msg("half a line was read");
  } catch (const Error& error) {
    expect_text(error.what(), "not valid JSON: the text ends early (byte 1)");
  }

  const TemporaryFolder folder;
  write_file(folder / "events.jsonl", "{\"a\":1}\r\n\n  {}  \nlast");
  JsonLines lines(folder / "events.jsonl");
  std::string line;
  ck_assert(lines.next(line) && line == "{\"a\":1}" && lines.number() == 1);
  ck_assert(lines.next(line) && line == "{}" && lines.number() == 3);
  ck_assert(lines.next(line) && line == "last" && lines.number() == 4 && lines.bytes() == 21);
  ck_assert(!lines.next(line));
  const std::string endless(kLongestJsonLine + 1, '[');
  write_file(folder / "endless.jsonl", "{}\n" + endless);
  JsonLines long_lines(folder / "endless.jsonl");
  ck_assert(long_lines.next(line));
  expect_error("long line", ErrorCode::kMalformed, {"endless.jsonl: line 2", "longer than"},
               [&] { long_lines.next(line); });
  expect_error("missing", ErrorCode::kNotFound, {"none.jsonl", "No such file"},
               [&] { JsonLines(folder / "none.jsonl"); });
  expect_error("folder", ErrorCode::kNotFound, {"is a folder"}, [&] { JsonLines(folder.path()); });
}
