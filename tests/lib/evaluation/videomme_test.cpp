/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/videomme.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "benchmark_test.hpp"
#include "evaluation/benchmarks/option_parsing.hpp"
#include "evaluation/format.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

std::filesystem::path filled() { return fixture("metrics/videomme/output_template_filled.json"); }
JsonValue expected() { return JsonValue::load(fixture("metrics/videomme/expected.json")); }

/** A number that the script prints, under the report's name for it. */
struct Printed {
  std::string name;
  std::string number;  ///< without "%"
};

/** All numbers of the script's output; a line that is not understood fails. */
std::vector<Printed> printed_numbers(const JsonValue& output) {
  const std::string whose = "Evaluation on video Type: ";
  const std::map<std::string, std::string> sections{{"Video Categories", "domain: "},
                                                    {"Video Domains", "domain: "},
                                                    {"Task Categories", "task: "},
                                                    {"Overall Performance", ""}};
  std::vector<Printed> numbers;
  std::string scope, section;
  for (const JsonValue& value : output.elements()) {
    const std::string line = value.as_string();
    const std::size_t colon = line.find(": ");
    if (line.find_first_not_of("=-") == line.npos) continue;
    if (line.starts_with(whose)) {
      scope = line.substr(whose.size());
    } else if (line == "Evaluation on the entire dataset") {
      scope = "all";
    } else if (sections.contains(line)) {
      section = sections.at(line);
    } else {
      ck_assert_msg(colon != line.npos && line.back() == '%', "'%s'", line.c_str());
      const std::string name = line.substr(0, colon);
      const std::size_t begin = line.find_first_not_of(' ', colon + 1);
      numbers.push_back({scope + ", " + (name == "Overall" ? "overall" : section + name),
                         line.substr(begin, line.size() - begin - 1)});
    }
  }
  return numbers;
}

/** Official accuracies of sub-categories, "short, sub-category: Esports", from the published letters of each question.
 */
std::map<std::string, OptionTally> expected_sub_categories() {
  std::map<std::string, std::string> letters;
  for (const JsonValue& one : expected().array("per_question").elements()) {
    letters[one.string("question_id")] = one.string("official extract_characters_regex");
  }
  std::map<std::string, OptionTally> tallies;
  for (const JsonValue& video : JsonValue::load(filled()).elements()) {
    if (video.boolean("missing")) continue;
    for (const JsonValue& question : video.array("questions").elements()) {
      const std::string letter = letters.at(question.string("question_id"));
      if (letter.empty()) continue;
      for (const std::string& scope : {video.string("duration"), std::string("all")}) {
        tallies[scope + ", sub-category: " + video.string("sub_category")].add(letter == question.string("answer"));
      }
    }
  }
  return tallies;
}

std::string question_text(const std::string& id, const std::string& response) {
  return R"({"question_id": ")" + id + R"(", "task_type": "OCR Problems", "answer": "B", "response": )" + response +
         "}";
}

std::string video_text(const std::string& id, const std::string& members, const std::string& questions) {
  return R"({"video_id": ")" + id + "\", " + members + ", \"questions\": [" + questions + "]}";
}

const std::string kMembers =
    R"("duration": "short", "domain": "Multilingual", "sub_category": "Multilingual", "missing": false)";

ScoreReport score_text(const std::string& text, VideoMmeRules rules = VideoMmeRules::kOfficial) {
  const TemporaryFolder folder;
  write_file(folder / "filled.json", text);
  return score_videomme(folder / "filled.json", rules);
}

void expect_bad(const std::string& text, const std::vector<std::string>& parts) {
  expect_malformed("filled.json", parts, [&] { score_text(text); });
}

void expect_bad_question(const std::string& question, const std::vector<std::string>& parts) {
  expect_bad("[" + video_text("1", kMembers, question) + "]", parts);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

/** As many videos of each duration. */
std::string videos_text(int each) {
  std::string text;
  for (const char* duration : {"short", "medium", "long"}) {
    for (int i = 0; i < each; ++i) {
      const std::string id = duration + std::to_string(i);
      // What is marked as missing counts where the script is not asked to skip it.
      const std::string members = replaced(replaced(kMembers, "short", duration), "false", i == 0 ? "true" : "false");
      text += (text.empty() ? "[" : ",") + video_text(id, members, question_text(id, i == 0 ? "\"B\"" : "\"C\""));
    }
  }
  return text + "]";
}

}  // namespace

GVL_TEST(names) { expect_names(kVideoMmeRules); }

GVL_TEST(published_numbers) {
  const ScoreReport report = score_videomme(filled());
  const auto exact = printed_numbers(expected().array("stdout_full_precision"));
  for (const Printed& one : exact) expect_score(report, one.name, std::stod(one.number));
  const auto rounded = printed_numbers(expected().array("stdout"));
  for (const Printed& one : rounded) expect_text(number(score_of(report, one.name), 1), one.number);
  ck_assert_uint_eq(exact.size(), 4 * (6 + 12 + 1));
  ck_assert_uint_eq(rounded.size(), exact.size());
  // The script's own choice of what to print lacks the sub-categories, 30 of each duration and of all.
  ck_assert_uint_eq(report.scores.size(), exact.size() + 4 * 30);
  ck_assert_int_eq(report.counted, 41);
  expect_text(report.rules, "official");
  ck_assert_uint_eq(report.notes.size(), 2);
}

GVL_TEST(sub_categories) {
  const ScoreReport report = score_videomme(filled());
  const auto tallies = expected_sub_categories();
  int compared = 0;
  for (const Score& score : report.scores) {
    if (score.name.find("sub-category: ") == std::string::npos) continue;
    const auto found = tallies.find(score.name);
    expect_score(report, score.name, found == tallies.end() ? 0 : found->second.percent());
    compared += found != tallies.end();
  }
  ck_assert_uint_eq(tallies.size(), static_cast<std::size_t>(compared));
  ck_assert_int_ge(compared, 10);
}

GVL_TEST(published_numbers_of_lmms_eval) {
  const ScoreReport report = score_videomme(filled(), VideoMmeRules::kLmms);
  int compared = 0;
  for (const auto& [name, value] : expected().members()) {
    if (!name.starts_with("lmms-eval")) continue;
    for (const auto& [scope, accuracy] : value.members()) {
      expect_score(report, scope + ", overall", accuracy.as_number());
      ++compared;
    }
  }
  ck_assert_int_eq(compared, 4);
  ck_assert_int_eq(report.counted, 54);
}

GVL_TEST(complete_results) {
  // "Number of files in short is not 300. Check if there are missing files."
  const std::string message = expected().string("without skip_missing");
  ck_assert(message.find("short") != message.npos && message.find("300") != message.npos);
  expect_error("incomplete", ErrorCode::kMalformed, {"output_template_filled.json", "short", "300"},
               [] { score_videomme(filled(), VideoMmeRules::kOfficialComplete); });
  const ScoreReport report = score_text(videos_text(300), VideoMmeRules::kOfficialComplete);
  ck_assert_int_eq(report.counted, 900);
  expect_score(report, "long, overall", 100.0 / 300);
  ck_assert_int_eq(score_text(videos_text(300)).counted, 897);
}

GVL_TEST(hostile_files) {
  expect_bad("", {});
  expect_bad("[", {});
  expect_bad("{}", {});
  expect_bad("[]", {"no video"});
  expect_bad("[null]", {"[0]"});
  expect_bad("[" + video_text("1", replaced(kMembers, "short", "brief"), "") + "]", {"[0].duration", "'brief'"});
  expect_bad("[" + video_text("1", replaced(kMembers, "Multi", "Mono"), "") + "]", {"[0].domain", "'Monolingual'"});
  expect_bad("[" + video_text("1", replaced(kMembers, "sub_category\": \"Multi", "sub_category\": \"Mono"), "") + "]",
             {"[0].sub_category"});
  expect_bad("[" + video_text("1", replaced(kMembers, "false", "0"), "") + "]", {"[0].missing"});
  expect_bad("[" + video_text("1", replaced(kMembers, "\"missing\": false", "\"a\": 0"), "") + "]", {"[0]", "missing"});
  expect_bad("[" + video_text("1", kMembers, "") + "," + video_text("1", kMembers, "") + "]",
             {"[1].video_id", "second time"});
  expect_bad(replaced("[" + video_text("1", kMembers, "") + "]", "[]", "{}"), {"[0].questions"});
  expect_bad(replaced("[" + video_text("1", kMembers, "") + "]", "\"1\"", "1"), {"[0].video_id"});
}

GVL_TEST(hostile_questions) {
  const std::string good = question_text("1-1", "\"B\"");
  const std::string where = "[0].questions[0]";
  expect_bad_question("7", {where});
  expect_bad_question(question_text("1-1", "null"), {where, "response"});
  expect_bad_question(question_text("1-1", "2"), {where + ".response"});
  expect_bad_question(question_text("1-1", "NaN"), {});
  expect_bad_question(replaced(good, "response", "respond"), {where, "response"});
  expect_bad_question(replaced(good, "OCR", "Odd"), {where + ".task_type", "'Odd Problems'"});
  expect_bad_question(replaced(good, "\"B\"", "\"E\""), {where + ".answer", "'E'"});
  expect_bad_question(replaced(good, "\"B\"", "\"b\""), {where + ".answer"});
  expect_bad_question(replaced(good, "\"B\"", "1e400"), {where + ".answer"});
  expect_bad_question(good + "," + good, {"[0].questions[1].question_id", "second time"});
}

GVL_TEST(no_answers) {
  // What cannot be read is not counted: nothing is left, and the script prints 0.
  const std::string text = "[" + video_text("1", kMembers, question_text("1-1", "\"\"")) + "]";
  const ScoreReport report = score_text(text);
  ck_assert_int_eq(report.counted, 0);
  expect_score(report, "all, overall", 0);
  ck_assert_int_eq(score_text(text, VideoMmeRules::kLmms).counted, 1);
  expect_error("no file", ErrorCode::kNotFound, {"nowhere.json"}, [] { score_videomme("nowhere.json"); });
}

GVL_TEST(damaged_files) {
  Random random;
  const std::string text =
      "[" + video_text("1", kMembers, question_text("1-1", "\"B\"") + "," + question_text("1-2", "\"(C)\"")) + "]";
  for (int round = 0; round < 400; ++round) {
    io::test::loads_or_throws("filled.json", [&] { score_text(mutate(text, random)); });
  }
}
