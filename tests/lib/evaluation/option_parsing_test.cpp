/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/option_parsing.hpp"

#include <map>
#include <string>

#include "benchmark_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

JsonValue load(const std::string& name) { return JsonValue::load(fixture("metrics/" + name)); }

/** Letters of the options that a rule takes a text for; "all" for all 26. */
std::string letters(std::string_view answer, OptionRule rule) {
  const OptionSet options = taken_options(answer, rule);
  if (options.all()) return "all";
  std::string found;
  for (std::size_t i = 0; i < kMostOptions; ++i) {
    if (options[i]) found += static_cast<char>('A' + i);
  }
  return found;
}

void expect_letters(const std::string& answer, OptionRule rule, const std::string& expected) {
  const std::string found = letters(answer, rule);
  ck_assert_msg(found == expected, "%s of '%s': found '%s', expected '%s'", name_of(kOptionRules, rule).c_str(),
                answer.c_str(), found.c_str(), expected.c_str());
}

/** What a published script says of a text: true or 1, false or 0, or that it raises. */
void expect_verdict(const JsonValue& verdict, const std::string& answer, std::size_t right, OptionRule rule) {
  if (verdict.is_object()) {
    expect_error(verdict.path(), ErrorCode::kMalformed, {verdict.string("exception").substr(0, 10)},
                 [&] { taken_options(answer, rule); });
    return;
  }
  const bool expected = verdict.is_bool() ? verdict.as_bool() : verdict.as_integer(0, 1) == 1;
  ck_assert_msg(taken_options(answer, rule)[right] == expected, "%s of '%s': expected %d", verdict.path().c_str(),
                answer.c_str(), expected);
}

const std::map<std::string, OptionRule> kMvbenchScripts{{"notebook check_ans(raw)", OptionRule::kNotebookText},
                                                        {"notebook check_ans(\"(\"+first line)", OptionRule::kNotebook},
                                                        {"TimeChat check_ans(raw)", OptionRule::kTimeChat},
                                                        {"lmms-eval mcq_acc", OptionRule::kLmmsMvbench},
                                                        {"ETBench response[0]==letter", OptionRule::kEtbench}};

const std::map<std::string, OptionRule> kVideoMmeScripts{{"official extract_characters_regex", OptionRule::kVideoMme},
                                                         {"lmms-eval extract_mcq_answer", OptionRule::kLmmsVideoMme}};

/** The number of letters compared. */
int expect_videomme_cases(const JsonValue& cases) {
  int compared = 0;
  for (const JsonValue& one : cases.elements()) {
    for (const auto& [name, rule] : kVideoMmeScripts) {
      expect_letters(one.string("response"), rule, one.string(name));
      ++compared;
    }
  }
  return compared;
}

}  // namespace

GVL_TEST(names) {
  expect_names(kOptionRules);
  expect_names(kMvbenchRules);
}

GVL_TEST(published_mvbench_cases) {
  const JsonValue all = load("mvbench/parse_cases.json");
  const auto right = static_cast<std::size_t>(all.string("gt").at(1) - 'A');
  int compared = 0;
  for (const JsonValue& one : all.array("cases").elements()) {
    for (const auto& [name, verdict] : one.members()) {
      if (name == "raw") continue;
      expect_verdict(verdict, one.string("raw"), right, kMvbenchScripts.at(name));
      ++compared;
    }
  }
  ck_assert_int_eq(compared, 68 * 5);
}

GVL_TEST(published_videomme_cases) {
  ck_assert_int_eq(expect_videomme_cases(load("videomme/parse_cases.json")), 80 * 2);
  ck_assert_int_eq(expect_videomme_cases(load("videomme/expected.json").array("per_question")), 54 * 2);
}

// What the published cases do not have; each was worked out by hand from the script's text.
GVL_TEST(corners_of_mvbench_rules) {
  for (const char* any : {"", "(", ")", ".", ". B"}) expect_letters(any, OptionRule::kNotebookText, "all");
  expect_letters("(a)(c) or b", OptionRule::kNotebookText, "AC");
  expect_letters("B\tit is", OptionRule::kNotebookText, "");
  expect_letters(" \n B. it is\nC", OptionRule::kNotebook, "B");
  expect_letters("(b.", OptionRule::kTimeChat, "B");
  expect_letters("maybe ((c)", OptionRule::kTimeChat, "");
  expect_letters("none", OptionRule::kTimeChat, "A");
  expect_letters("F", OptionRule::kLmmsMvbench, "F");
  expect_letters("f. six", OptionRule::kLmmsMvbench, "");
  expect_letters("a dog", OptionRule::kLmmsMvbench, "A");
  expect_letters("c.\n\nthis", OptionRule::kLmmsMvbench, "C");
  expect_letters("_b", OptionRule::kLmmsMvbench, "B");
  expect_letters(
      "\xc3\xa9"
      "b c",
      OptionRule::kLmmsMvbench, "C");
  // re.UNICODE is 32, and is passed as the number of full stops to remove. A full stop is no word either way.
  expect_letters(std::string(33, '.') + "f", OptionRule::kLmmsMvbench, "");
  expect_letters(std::string(32, '.') + "f", OptionRule::kLmmsMvbench, "F");
  expect_letters("b!", OptionRule::kEtbench, "B");
  expect_letters("(B)", OptionRule::kEtbench, "");
}

GVL_TEST(corners_of_videomme_rules) {
  expect_letters("The best option is", OptionRule::kVideoMme, "");
  expect_letters("The best option is C", OptionRule::kVideoMme, "C");
  expect_letters("Best answer:Best option:D", OptionRule::kVideoMme, "D");
  // What is deleted may make the prefix of a later deletion.
  expect_letters("AnsThe answerwer: C", OptionRule::kVideoMme, "C");
  expect_letters("'\"B\"'", OptionRule::kLmmsVideoMme, "B");
  expect_letters("A\xc3\xa9 then D\xc3\xa9 (B) C.x", OptionRule::kLmmsVideoMme, "B");
  expect_letters(
      "\xe7\xad\x94\xe6\xa1\x88\xe6\x98\xaf"
      "C\xe3\x80\x82 x",
      OptionRule::kLmmsVideoMme, "C");
}

GVL_TEST(any_bytes) {
  Random random;
  for (const auto& [rule, name] : kOptionRules) {
    for (int round = 0; round < 300; ++round) {
      std::string text = "The answer is (B). \xe7\xad\x94 A, 1,000. \xc3\xa9";
      for (int i = 0; i < 3; ++i) text = io::test::mutate(text, random);
      if (!text.empty()) taken_options(text, rule);
    }
    for (const char* bytes : {"\xff", "\xe7\xad", " \x80 ", "A\xc3",
                              "\xc3"
                              "A"})
      taken_options(bytes, rule);
  }
}

GVL_TEST(long_answers) {
  const std::size_t size = std::size_t{4} << 20;
  for (const auto& [rule, name] : kOptionRules) {
    for (const char* piece : {"x", " ", "(", ".", ",", "1,", "\n", "The answer is ", "\xe7\xad\x94"}) {
      std::string text;
      while (text.size() < size) text += piece;
      taken_options(text, rule);
    }
  }
}
