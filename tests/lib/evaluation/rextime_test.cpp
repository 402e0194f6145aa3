/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/rextime.hpp"

#include "benchmark_test.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "gvl/json_line.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

namespace fs = std::filesystem;

fs::path data(const std::string& name) { return fixture("metrics/rextime/" + name); }

/** A number that the script prints with two decimals, or all of it. */
void expect_printed(const ScoreReport& report, const std::string& name, double expected) {
  expect_near(name, rounded_to_hundredths(score_of(report, name)), expected);
}

}  // namespace

// By the published script, on questions and answers made for it.
GVL_TEST(published_scores) {
  const JsonValue expected = JsonValue::load(data("expected.json"));
  const ScoreReport report = score_rextime(data("gt.jsonl"), data("submission.jsonl"));
  ck_assert_int_eq(report.counted, 60);
  for (const auto& [name, value] : expected.at("both").object("full_precision").members())
    expect_score(report, "MR-full-" + name, value.as_number());
  const JsonValue printed = expected.at("both").object("eval_submission");
  for (const auto& [name, value] : printed.object("brief").members()) {
    if (name.starts_with("MR-")) {
      expect_printed(report, name, value.as_number());
    } else {
      expect_score(report, name, value.as_number());
    }
  }
  for (const auto& [name, value] : printed.object("full").object("VQA,mIoU").members())
    expect_score(report, name, value.as_number());
  ck_assert_uint_eq(report.scores.size(), 4 + 1 + 3);
}

GVL_TEST(one_part_alone) {
  TemporaryFolder folder;
  const JsonValue expected = JsonValue::load(data("expected.json"));
  const auto without = [&](const std::string& member) {
    std::string kept;
    JsonLines lines(data("submission.jsonl"));
    for (std::string line; lines.next(line);) kept += line.replace(line.find("\"" + member), 1, "\"no_") + "\n";
    write_file(folder / "p.jsonl", kept);
    return score_rextime(data("gt.jsonl"), folder / "p.jsonl");
  };
  const ScoreReport windows = without("ans"), answers = without("pred_relevant_windows");
  ck_assert_uint_eq(windows.scores.size(), 4);
  for (const auto& [name, value] : expected.at("windows alone").object("brief").members())
    expect_printed(windows, name, value.as_number());
  ck_assert_uint_eq(answers.scores.size(), 1);
  for (const auto& [name, value] : expected.at("answers alone").object("brief").members())
    expect_score(answers, "VQA", value.as_number());
}

GVL_TEST(hostile_files) {
  TemporaryFolder folder;
  const std::string good = R"({"qid": "a", "relevant_windows": [[0, 5]], "ans": "A"})";
  const std::string answer = R"({"qid": "a", "pred_relevant_windows": [[0, 5]], "ans": "A"})";
  const auto run = [&](const std::string& annotation, const std::string& submission) {
    write_file(folder / "g.jsonl", annotation);
    write_file(folder / "p.jsonl", submission);
    return score_rextime(folder / "g.jsonl", folder / "p.jsonl");
  };
  expect_score(run(good, answer), "VQA,mIoU@0.7", 1);
  for (const char* line :
       {"7", "{}", R"({"qid": "a", "ans": "A"})", R"({"qid": "a", "relevant_windows": [], "ans": "A"})",
        R"({"qid": "a", "relevant_windows": [[0]], "ans": "A"})", R"({"qid": "a", "relevant_windows": [[0, 5]]})",
        R"({"qid": "a", "relevant_windows": [[0, 5]], "ans": 7})",
        R"({"qid": "a", "relevant_windows": [[-1, 5]], "ans": "A"})",
        R"({"qid": "a", "relevant_windows": [[0, 1e10]], "ans": "A"})"}) {
    expect_malformed("g.jsonl: line 1", {}, [&] { run(line, answer); });
  }
  for (const char* line :
       {"7", "{}", R"({"qid": "a"})", R"({"qid": "b", "pred_relevant_windows": [[0, 5]], "ans": "A"})",
        R"({"qid": "a", "pred_relevant_windows": [], "ans": "A"})",
        R"({"qid": "a", "pred_relevant_windows": [[0]], "ans": "A"})",
        R"({"qid": "a", "pred_relevant_windows": [[0, NaN]], "ans": "A"})",
        R"({"qid": "a", "pred_relevant_windows": [[0, 5]], "ans": 7})"}) {
    expect_malformed("p.jsonl: line 1", {}, [&] { run(good, line); });
  }
  expect_malformed("p.jsonl: line 2", {}, [&] { run(good, answer + "\n" + answer); });
  expect_malformed("p.jsonl", {"no line", "b"},
                   [&] { run(good + "\n" + R"({"qid": "b", "relevant_windows": [[0, 5]], "ans": "A"})", answer); });
}
