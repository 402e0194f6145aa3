/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/choice.hpp"

#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

const std::vector<std::string> kOptions{"a red car", "A blue bus", "two dogs", "nothing"};

void expect_choice(const std::string& answer, char expected) {
  const auto found = chosen_option(answer, kOptions);
  const char letter = found ? static_cast<char>('A' + *found) : '-';
  ck_assert_msg(letter == expected, "'%s': found %c, expected %c", answer.c_str(), letter, expected);
}

}  // namespace

GVL_TEST(letters) {
  for (const char* answer : {"B",
                             " B ",
                             "B.",
                             "(B)",
                             "b)",
                             "b.",
                             "( b )",
                             "B: a blue bus",
                             "B) a blue bus",
                             "Answer: (B) a blue bus",
                             "answer: B",
                             "The answer is B",
                             "The answer is B because it is blue",
                             "The answer is (B).",
                             "Option B",
                             "The correct answer is option B.",
                             "**Answer:** B",
                             "It is (B), a blue bus",
                             "(B) or rather (b)",
                             "Not (A); the answer is (B)",
                             "Answer: A. No, answer: B.",
                             "B\n(the second)",
                             "B\na blue bus",
                             "Best option: (B)"}) {
    expect_choice(answer, 'B');
  }
  for (const char* answer : {"A", "A.", "Answer: A", "(a) a red car"}) expect_choice(answer, 'A');
}

GVL_TEST(texts) {
  expect_choice("a blue bus", 'B');
  expect_choice(" A  BLUE, bus!\n", 'B');
  expect_choice("Nothing.", 'D');
  expect_choice("a blue bus and a red car", '-');
  // Two options with the same text say nothing; a text is stronger than the letter that it begins with.
  ck_assert(!chosen_option("same", {"same", "Same."}));
  ck_assert_uint_eq(chosen_option("A. Lincoln", {"G. Washington", "A. Lincoln"}).value(), 1);
}

GVL_TEST(no_choice) {
  for (const char* answer :
       {"",           " ",  "(E)", "E.",   "(A) or (B)", "A red bus", "The answer is a dog", "Bus", "B2",
        "I think so", "()", "(",   "(AB)", "answer",     "answer: ",  "Answer: A man",       "B's", "B\xc3\xa9",
        "\xff\xfe",   "1."}) {
    expect_choice(answer, '-');
  }
  ck_assert(!chosen_option("B", {}));
  ck_assert(!chosen_option("", {"", "."}));
  expect_error("27", ErrorCode::kInvalidArgument, {"26"},
               [] { chosen_option("A", std::vector<std::string>(27, "x")); });
}

GVL_TEST(accuracy) {
  // Right, wrong, none, right: 2 of 4.
  const ChoiceScore score = choice_score({{1, 1}, {0, 1}, {std::nullopt, 0}, {0, 0}});
  ck_assert_uint_eq(score.count, 4);
  expect_near("accuracy", score.accuracy, 0.5);
  const ChoiceScore none = choice_score({});
  ck_assert_uint_eq(none.count, 0);
  expect_near("of none", none.accuracy, 0);
}
