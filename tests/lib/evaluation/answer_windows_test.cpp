/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/answer_windows.hpp"

#include <map>

#include "benchmark_test.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

using Windows = std::vector<Interval>;

JsonValue expected() { return JsonValue::load(fixture("metrics/charades_sta/expected.json")); }

std::string shown(const Windows& windows) {
  std::string text;
  for (const Interval& window : windows) {
    text += "[" + std::to_string(window.start) + ", " + std::to_string(window.stop) + "]";
  }
  return text;
}

void expect_windows(const std::string& label, const Windows& found, const Windows& wanted) {
  const auto is_same = [](const Interval& a, const Interval& b) { return a.start == b.start && a.stop == b.stop; };
  ck_assert_msg(std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(), is_same),
                "%s: found %s, expected %s", label.c_str(), shown(found).c_str(), shown(wanted).c_str());
}

Windows windows_of(const JsonValue& list) {
  Windows windows;
  for (const JsonValue& window : list.elements())
    windows.push_back({window.at(0).as_number(), window.at(1).as_number()});
  return windows;
}

/** What was compared, by the name that the expected values have. */
using Counts = std::map<std::string, int>;

/** One published parser's word on one answer. False: that is no parser's. */
bool is_compared(const std::string& name, const JsonValue& wanted, const JsonValue& record) {
  static const std::map<std::string, AnswerRule> kParsers{
      {"TimeChat.format_tvg.extract_time", AnswerRule::kTimeChat},
      {"lmms.charades.utils.extract_time", AnswerRule::kLmms},
      {"lmms.charades.eval_tvg.extract_time", AnswerRule::kLmmsEvalTvg},
      {"lmms.timelens.extract_time", AnswerRule::kTimeLens}};
  static const std::map<std::string, TokenSpelling> kSpellings{
      {"GVL.parse_time_interval(phi3.5)", TokenSpelling::kPhi},
      {"GVL.parse_time_interval(llama3)", TokenSpelling::kLlama}};
  const std::string answer = record.string("answer");
  const double duration = record.number("duration");
  if (const auto parser = kParsers.find(name); parser != kParsers.end()) {
    expect_windows(wanted.path(), parse_windows(answer, parser->second, duration), windows_of(wanted));
  } else if (const auto spelling = kSpellings.find(name); spelling != kSpellings.end()) {
    expect_text(seconds_for_tokens(answer, duration, spelling->second), wanted.as_string());
  } else if (name == "VTimeLLM.eval.iou(answer, gt/duration)") {
    const Windows found = parse_windows(answer, AnswerRule::kVTimeLlm, duration);
    const JsonValue gt = record.array("gt");
    const Interval truth{gt.at(0).as_number() / duration, gt.at(1).as_number() / duration};
    const double iou = found.empty() ? 0 : published_iou(truth, found.front(), IouRule::kVTimeLlm);
    ck_assert_msg(iou == wanted.as_number(), "%s: found %.17g", wanted.path().c_str(), iou);
  } else {
    return false;
  }
  return true;
}

}  // namespace

GVL_TEST(published_parsers) {
  Counts counts;
  const auto records = expected().array("texts").elements();
  ck_assert_uint_eq(records.size(), 46);
  for (const JsonValue& record : records) {
    for (const auto& [name, wanted] : record.members()) {
      const bool is_input = name == "id" || name == "item" || name == "answer" || name == "gt" || name == "duration";
      if (is_input) continue;
      ck_assert_msg(is_compared(name, wanted, record), "nothing is compared with %s", wanted.path().c_str());
      ++counts[name];
    }
  }
  ck_assert_uint_eq(counts.size(), 7);
  for (const auto& [name, count] : counts) ck_assert_msg(count == 46, "%s: %d", name.c_str(), count);
}

GVL_TEST(temporal_tokens) {
  const auto records = expected().array("gvl_tokens").elements();
  ck_assert_uint_eq(records.size(), 8);
  for (const JsonValue& record : records) {
    ck_assert_uint_eq(record.size(), 7);
    const std::string raw = record.string("raw"), phi = record.string("phi3.5");
    const double duration = record.number("duration");
    expect_text(seconds_for_tokens(raw, duration, TokenSpelling::kPhi), phi);
    expect_text(seconds_for_tokens(raw, duration, TokenSpelling::kLlama), record.string("llama3"));
    ck_assert(has_temporal_tokens(raw) == (raw != phi));
    const auto expect_read = [&](const char* member, AnswerRule rule, const std::string& text) {
      expect_windows(raw + ", " + member, parse_windows(text, rule, duration), windows_of(record.array(member)));
    };
    expect_read("then TimeChat.extract_time", AnswerRule::kTimeChat, phi);
    expect_read("then lmms.charades.utils.extract_time", AnswerRule::kLmms, phi);
    expect_read("then lmms.timelens.extract_time", AnswerRule::kTimeLens, phi);
    expect_read("then lmms.timelens.extract_time", AnswerRule::kGvl, raw);
  }
}

GVL_TEST(more_answers) {
  const auto expect_read = [](AnswerRule rule, const std::string& text, const Windows& wanted) {
    expect_windows(text, parse_windows(text, rule, 30), wanted);
  };
  // What the published expressions find, worked out by hand.
  expect_read(AnswerRule::kTimeChat, "1.-2.", {{1, 2}});
  expect_read(AnswerRule::kTimeChat, "it starts at 5s! it ends at 7.5s? It ends at 9", {{7, 9}});
  expect_read(AnswerRule::kTimeChat, "IT STARTS AT 5\nTHE END: 2", {{2, 5}});
  expect_read(AnswerRule::kLmms, "a specific example is : 20.8 - 30.0 seconds 3-4", {{3, 4}});
  expect_read(AnswerRule::kLmms, "1:02:03 to 0:31", {{31, 3723}});
  expect_read(AnswerRule::kLmms, "0:12 - 0:315", {{0, 12}});
  expect_read(AnswerRule::kLmms, "1.2.3 - 4", {{2.3, 4}});
  expect_read(AnswerRule::kLmms, "it happens 5 s - 9 s", {{5, 9}});
  expect_read(AnswerRule::kLmmsEvalTvg, "it happens 5s \xe2\x80\x93 9s", {{5, 9}});
  expect_read(AnswerRule::kLmmsEvalTvg, "5 - 9", {});
  expect_read(AnswerRule::kTimeLens, "0:01.5 and 1:00:02.25, 0:05", {{1.5, 3602.25}});
  expect_read(AnswerRule::kTimeLens, "0:123 and 0:456", {{0, 123}, {0, 456}});
  expect_read(AnswerRule::kTimeLens, "12. to 9.x", {{12, 9}});
  expect_read(AnswerRule::kTimeLens, "12.x 9.5y 7", {{12, 9}});
  expect_read(AnswerRule::kTimeLens, "\xef\xbc\x91\xef\xbc\x92 - \xef\xbc\x93", {{12, 3}});
  expect_read(AnswerRule::kTimeLens,
              "\xc3\xa9"
              "5 6 \xff"
              "7 8",
              {{6, 7}});
  expect_read(AnswerRule::kVTimeLlm, "From 12 TO 34, 120 to 180", {{0.2, 0.18}});
  expect_read(AnswerRule::kGvl, "From <100> to <200>.", {{10, 20}});
  expect_names(kAnswerRules);
}

GVL_TEST(answers_that_a_script_refuses) {
  expect_error("dots", ErrorCode::kMalformed, {"dot"}, [] { parse_windows("1..5 - 2", AnswerRule::kTimeChat, 1); });
  expect_error("dots behind the first", ErrorCode::kMalformed, {"dot"},
               [] { parse_windows("1 - 2, 3 - 4...", AnswerRule::kTimeChat, 1); });
  for (const std::size_t digits : {400, 4301}) {
    const std::string token = "<" + std::string(digits, '1') + ">";
    expect_error("a large token", ErrorCode::kMalformed, {"token"}, [&] { parse_windows(token, AnswerRule::kGvl, 1); });
    expect_error("zeros", digits == 400 ? ErrorCode::kInvalidArgument : ErrorCode::kMalformed, {}, [&] {
      parse_windows("<" + std::string(digits, '0') + ">", AnswerRule::kGvl, 1);
      throw Error(ErrorCode::kInvalidArgument, "nothing is wrong");
    });
  }
}

// Neither a stack that runs over nor more time than in proportion to the text.
GVL_TEST(long_answers) {
  const std::size_t kBytes = std::size_t{1} << 20;
  for (const char* piece : {"1", ".", "1.", "1 ", "1 - ", " ", "1:", "1:11", "<", "<1", "<1>", "start", "!", "-", "to",
                            "11 to ", "\xff", "\xe2\x80\x93", "start 1s\n"}) {
    std::string text = "start ";
    while (text.size() < kBytes) text += piece;
    for (const auto& [rule, name] : kAnswerRules) {
      try {
        parse_windows(text, rule, 30);
      } catch (const Error& error) {
        ck_assert_msg(error.code() == ErrorCode::kMalformed, "%s: %s", piece, error.what());
      }
    }
  }
  const Windows huge = parse_windows(std::string(kBytes, '9') + " - 1", AnswerRule::kLmms, 30);
  expect_windows("as large as infinity", huge, {{1, kInfinity}});
  expect_windows("small", parse_windows("0." + std::string(400, '0') + "1 - 1", AnswerRule::kLmms, 30), {{0, 1}});
}

GVL_TEST(arbitrary_answers) {
  Random random;
  const std::string alphabet = "0123459.:-–to and<>s!?\n\xff\xc3\xa9 startend";
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::size_t n = random.below(40); n > 0; --n) text += alphabet[random.below(alphabet.size())];
    for (const auto& [rule, name] : kAnswerRules) {
      try {
        const Windows found = parse_windows(text, rule, 30);
        const bool is_many = rule == AnswerRule::kTimeLens || rule == AnswerRule::kGvl;
        ck_assert(is_many || found.size() <= 1);
        for (const Interval& window : found) ck_assert(window.start >= 0 && window.stop >= 0);
      } catch (const Error& error) {
        ck_assert_msg(error.code() == ErrorCode::kMalformed, "%s: %s", text.c_str(), error.what());
      }
    }
  }
}
