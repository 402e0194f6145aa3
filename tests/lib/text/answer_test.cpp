/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/answer.hpp"

#include <clocale>

#include "text_test.hpp"

using namespace gvl;
using namespace gvl::text;
using namespace gvl::text::test;

namespace {

/** "3-9 'a man runs'; ..." */
std::string summary(const std::vector<ParsedInterval>& intervals) {
  std::string text;
  for (const ParsedInterval& interval : intervals) {
    text += (text.empty() ? "" : "; ") + std::to_string(interval.start) + "-" + std::to_string(interval.stop);
    if (!interval.text.empty()) text += " '" + interval.text + "'";
  }
  return text;
}

std::string intervals(const std::string& text, bool captions) {
  return summary(parse_intervals(text, 10, 300, captions));
}

}  // namespace

GVL_TEST(answers_of_the_reference) {
  for (const auto& folder : fixture_folders()) {
    const Fixture fixture(folder);
    for (const auto& [task, generation] : fixture.expected.object("generation").members()) {
      const auto ids = integers(generation.array("tokens"));
      const ParsedAnswer answer =
          parse_answer(*fixture.tokenizer, fixture.temporal, ids, fixture.duration(), fixture.model(), false);
      expect_text(answer.text, generation.string("text"));
      expect_text(answer.text_seconds, generation.string("text_seconds"));
      for (const ParsedInterval& interval : answer.intervals) {
        const auto opening = fixture.temporal.temporal_of(ids[interval.first_position]).value();
        const auto closing = fixture.temporal.temporal_of(ids[interval.second_position]).value();
        ck_assert(interval.first_position < interval.second_position);
        ck_assert_int_eq(interval.start, std::min(opening, closing));
        ck_assert_int_eq(interval.stop, std::max(opening, closing));
      }
      expect_text(summary(parse_intervals(answer.text, fixture.duration(), 300, false)), summary(answer.intervals));
    }
  }
}

GVL_TEST(pairs_of_temporal_tokens) {
  expect_text(intervals("From <14> to <25>.", false), "14-25");
  expect_text(intervals("<9><3>", false), "3-9");
  expect_text(intervals("<1> <2> <3>", false), "1-2");
  expect_text(intervals("<1> <2>, <4> - <3>", false), "1-2; 3-4");
  expect_text(intervals("", false), "");
  expect_text(intervals("no times < 5 > <x> <> <", false), "");
  expect_text(intervals("<301> <1> <99999999999999999999> <2>", false), "1-2");
  expect_text(intervals("<1<2><3", false), "");
  const auto parsed = parse_intervals("From <15> to <30>.", 10, 300, false);
  ck_assert_double_eq(parsed[0].start_seconds, 0.5);
  ck_assert_double_eq(parsed[0].stop_seconds, 1);
  ck_assert_int_eq(parsed[0].first_position, 5);
  ck_assert_int_eq(parsed[0].second_position, 13);
}

GVL_TEST(captions_of_intervals) {
  const struct {
    const char* text;
    const char* intervals;
  } cases[] = {
      {"From <3> to <9>, a man runs. From <9> to <12>, he stops.", "3-9 'a man runs.'; 9-12 'he stops.'"},
      {"<3> - <9>: a man runs\n<9> - <12>: he stops", "3-9 'a man runs'; 9-12 'he stops'"},
      {"<3> <9> a man runs. <9> <12> he stops.", "3-9 'a man runs.'; 9-12 'he stops.'"},
      {"The events: between <3> and <9>, a man runs.", "3-9 'a man runs.'"},
      {"A man runs, from <3> to <9>. He stops, from <9> to <12>.", "3-9 'A man runs'; 9-12 'He stops'"},
      {"A man runs (<3> - <9>). He stops at the platform (<9> - <12>).",
       "3-9 'A man runs'; 9-12 'He stops at the platform'"},
      {"<12> to <9>, he stops. <3>", "9-12 'he stops.'"},
      {"<3> <9>", "3-9"},
      {"<1> <2>, He waves at <3> <4>, them", "1-2 'He waves'; 3-4 'them'"},
      {"<1> <2> 猫 sleeps\u3000", "1-2 '猫 sleeps'"},
  };
  for (const auto& known : cases) expect_text(intervals(known.text, true), known.intervals);
}

GVL_TEST(captions_from_tokens) {
  for (const auto& folder : fixture_folders()) {
    const Fixture fixture(folder);
    const auto ids = fixture.tokenizer->encode("From <3> to <9>, a café. From <12> to <9>, the 猫.", false);
    const ParsedAnswer answer = parse_answer(*fixture.tokenizer, fixture.temporal, ids, 10, fixture.model(), true);
    expect_text(summary(answer.intervals), "3-9 'a café.'; 9-12 'the 猫.'");
    expect_text(answer.text, "From <3> to <9>, a café. From <12> to <9>, the 猫.");
    ck_assert_int_eq(ids[answer.intervals[1].first_position], fixture.temporal.id_of(12));
    ck_assert_int_eq(ids[answer.intervals[1].second_position], fixture.temporal.id_of(9));
  }
}

GVL_TEST(writes_seconds) {
  const auto phi = [](const std::string& text) { return with_seconds(text, 10, 300, io::language_model("phi3")); };
  expect_text(phi("From <14> to <25>."), "From  0.47 seconds to  0.83 seconds.");
  expect_text(phi("<300><900>"), " 10.00 seconds 30.00 seconds");
  expect_text(phi("no <time>"), "no <time>");
  expect_text(with_seconds("<3>", 10, 300, io::language_model("llama")), "0.10 seconds");
  expect_error("duration", ErrorCode::kInvalidArgument, {},
               [] { with_seconds("x", 0, 300, io::language_model("phi3")); });
}

GVL_TEST(seconds_do_not_depend_on_the_locale) {
  for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8"}) std::setlocale(LC_NUMERIC, locale);
  expect_text(with_seconds("<3>", 10, 300, io::language_model("llama")), "0.10 seconds");
}

GVL_TEST(any_text_can_be_parsed) {
  io::test::Random random;
  for (int i = 0; i < 5000; ++i) {
    const std::string text = io::test::mutate("From <3> to <9>, a man runs. from <12> to <10>, café <1>", random);
    for (const ParsedInterval& interval : parse_intervals(text, 10, 300, true)) {
      ck_assert(interval.start >= 0 && interval.start <= interval.stop && interval.stop <= 300);
    }
    with_seconds(text, 10, 300, io::language_model("phi3"));
  }
}
