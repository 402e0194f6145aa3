/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/highlight_detection.hpp"

#include <algorithm>
#include <map>

#include "benchmark_test.hpp"
#include "gvl/json_line.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

namespace fs = std::filesystem;

fs::path data(const std::string& name) { return fixture("metrics/qvhighlights/" + name); }
JsonValue expected() { return JsonValue::load(data("expected.json")); }

/** Both tasks' 14 scores that the script puts first. */
void expect_brief(const JsonValue& expected, const ScoreReport& report) {
  ck_assert_uint_eq(expected.size(), 8 + 6);
  for (const auto& [name, value] : expected.members()) expect_score(report, name, value.as_number());
}

/** The submission's lines with `keep(qid)`. */
template <typename Keep>
std::string lines_of(Keep&& keep) {
  std::string kept;
  JsonLines lines(data("submission.jsonl"));
  for (std::string line; lines.next(line);)
    if (keep(JsonValue::parse(line, "line").integer("qid"))) kept += line + "\n";
  return kept;
}

}  // namespace

GVL_TEST(published_scores) {
  const ScoreReport report = score_qvhighlights(data("gt.jsonl"), data("submission.jsonl"));
  ck_assert_int_eq(report.counted, 49);
  expect_brief(expected().at("eval_submission").at("brief"), report);
  for (const HighlightLevel& level : kHighlightLevels) {
    const std::string name = std::string("HL-min-") + level.name;
    const JsonValue numbers = expected().at("eval_submission").object(name);
    ck_assert_uint_eq(numbers.size(), 2);
    expect_score(report, name + "-mAP", numbers.number("HL-mAP"));
    expect_score(report, name + "-Hit1", numbers.number("HL-Hit1"));
  }
}

GVL_TEST(missing_query) {
  TemporaryFolder folder;
  write_file(folder / "p.jsonl", lines_of([](std::int64_t id) { return id != 214; }));
  expect_brief(expected().at("edge").at("missing query, match_number=False"),
               score_qvhighlights(data("gt.jsonl"), folder / "p.jsonl", {.match_number = false}));
  expect_malformed("p.jsonl", {"214"}, [&] { read_highlights(data("gt.jsonl"), folder / "p.jsonl"); });
}

GVL_TEST(one_task_alone) {
  TemporaryFolder folder;
  write_file(folder / "g.jsonl", R"({"qid": 1, "duration": 6, "relevant_windows": [[0, 2]], )"
                                 R"("relevant_clip_ids": [0], "saliency_scores": [[4, 3, 0]]})");
  write_file(folder / "p.jsonl", R"({"qid": 1, "pred_saliency_scores": [1, 0, 0.5]})");
  const ScoreReport report = score_qvhighlights(folder / "g.jsonl", folder / "p.jsonl", {.rounded = false});
  ck_assert_uint_eq(report.scores.size(), 6);
  expect_score(report, "HL-min-Fair-mAP", 200.0 / 3);
  expect_score(report, "HL-min-VeryGood-mAP", 100.0 / 3);
  expect_score(report, "HL-min-VeryGood-Hit1", 100);
  write_file(folder / "p.jsonl", R"({"qid": 1})");
  expect_malformed("p.jsonl: line 1", {"pred_saliency_scores"},
                   [&] { score_qvhighlights(folder / "g.jsonl", folder / "p.jsonl"); });
}

// By the definition, without the way over a sorted table: at each prediction of a highlight, the best precision of any
// threshold that is not above it.
GVL_TEST(average_precision_by_brute_force) {
  Random random;
  for (int round = 0; round < 500; ++round) {
    const std::size_t clips = 2 + random.below(12);
    std::vector<bool> highlights;
    std::vector<double> predictions;
    for (std::size_t i = 0; i < clips; ++i) {
      highlights.push_back(random.below(3) == 0);
      predictions.push_back(static_cast<double>(random.below(6)) - 2);
    }
    const auto precision = [&](double threshold) {
      double found = 0, all = 0;
      for (std::size_t i = 0; i < clips; ++i) {
        all += predictions[i] >= threshold;
        found += predictions[i] >= threshold && highlights[i];
      }
      return found / all;
    };
    std::map<double, double> best;
    for (std::size_t i = 0; i < clips; ++i) {
      for (std::size_t j = 0; j < clips && highlights[i]; ++j) {
        if (predictions[j] <= predictions[i])
          best[predictions[i]] = std::max(best[predictions[i]], precision(predictions[j]));
      }
    }
    double sum = 0;
    for (const auto& [threshold, value] : best) sum += value;
    const double wanted = best.empty() ? 0 : sum / static_cast<double>(best.size());
    const bool are_all = std::find(highlights.begin(), highlights.end(), false) == highlights.end();
    expect_near("AP", highlight_average_precision(highlights, predictions), are_all ? 1 : wanted);
  }
}

GVL_TEST(hostile_files) {
  TemporaryFolder folder;
  const std::string good = R"({"qid": 1, "duration": 6, "relevant_clip_ids": [0], "saliency_scores": [[4, 3, 0]]})";
  write_file(folder / "p.jsonl", R"({"qid": 1, "pred_saliency_scores": [1, 0, 0.5]})");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const std::string& line : std::vector<std::string>{
           "7", "{}", replaced("6", "0"), replaced("6", "-4"), replaced("6", "1e9"), replaced("6", "\"6\""),
           replaced("[0]", "[3]"), replaced("[0]", "[-1]"), replaced("[0]", "[0.5]"), replaced("[0]", "[0, 1]"),
           replaced("[0]", "[99999999999]"), replaced("[4, 3, 0]", "[4, 3]"), replaced("[4, 3, 0]", "[4, 3, 5]"),
           replaced("[4, 3, 0]", "[4, 3, -1]"), replaced("[4, 3, 0]", "7"), replaced("[[4, 3, 0]]", "{}")}) {
    write_file(folder / "g.jsonl", "\n" + line + "\n");
    expect_malformed("g.jsonl: line 2", {}, [&] { read_highlights(folder / "g.jsonl", folder / "p.jsonl"); });
  }
  write_file(folder / "g.jsonl", good);
  for (const char* line :
       {"7", "{}", R"({"qid": 1})", R"({"qid": 2, "pred_saliency_scores": [1]})",
        R"({"qid": 1, "pred_saliency_scores": []})", R"({"qid": 1, "pred_saliency_scores": 7})",
        R"({"qid": 1, "pred_saliency_scores": [NaN]})", R"({"qid": 1, "pred_saliency_scores": [1e999]})"}) {
    write_file(folder / "p.jsonl", line);
    expect_malformed("p.jsonl: line 1", {}, [&] { read_highlights(folder / "g.jsonl", folder / "p.jsonl"); });
  }
}
