/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/run_report.hpp"

#include <array>
#include <optional>
#include <string_view>

#include "evaluation/format.hpp"

namespace gvl::evaluation {
namespace {

/** A score of the paper's tables (arXiv 2410.03290): Phi-3.5, zero-shot. In the scorer's unit. */
struct Published {
  RunBenchmark benchmark;
  std::string_view score;
  double value;
};

constexpr std::array<Published, 15> kPublished{{{RunBenchmark::kCharadesSta, "R@1, IoU=0.3", 54.2},
                                                {RunBenchmark::kCharadesSta, "R@1, IoU=0.5", 36.4},
                                                {RunBenchmark::kCharadesSta, "R@1, IoU=0.7", 19.7},
                                                {RunBenchmark::kCharadesSta, "mIoU", 36.8},
                                                {RunBenchmark::kActivityNetCaptions, "R@1, IoU=0.3", 46.2},
                                                {RunBenchmark::kActivityNetCaptions, "R@1, IoU=0.5", 30.3},
                                                {RunBenchmark::kActivityNetCaptions, "R@1, IoU=0.7", 19.0},
                                                {RunBenchmark::kActivityNetCaptions, "mIoU", 36.1},
                                                {RunBenchmark::kDenseCaptions, "SODA_c", 0.060},
                                                {RunBenchmark::kDenseCaptions, "METEOR", 0.068},
                                                {RunBenchmark::kNextGqa, "Acc@GQA", 26.7},
                                                {RunBenchmark::kNextGqa, "mIoP", 34.5},
                                                {RunBenchmark::kNextGqa, "mIoU", 21.1},
                                                {RunBenchmark::kMvbench, "total", 59.4},
                                                {RunBenchmark::kVideoMme, "all, overall", 47.7}}};

std::optional<double> published(RunBenchmark benchmark, const std::string& score) {
  for (const Published& row : kPublished) {
    if (row.benchmark == benchmark && row.score == score) return row.value;
  }
  return std::nullopt;
}

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const RunReport& report) {
  Rows rows{{"score", "here", "Grounded-VideoLLM's paper"}};
  for (const Score& score : report.scores.scores) {
    const auto known = published(report.benchmark, score.name);
    rows.push_back({score.name, number(score.value), known ? brief(*known) : "-"});
  }
  return rows;
}

std::vector<std::string> remarks_of(const RunReport& report) {
  std::vector<std::string> remarks{name_of(kRunBenchmarks, report.benchmark) + " by the rules of " +
                                   report.scores.rules + ", " + report.model + ": " + std::to_string(report.predicted) +
                                   " of " + std::to_string(report.items) + " predicted"};
  for (const VideoFault& fault : report.faults)
    remarks.push_back("no prediction for " + std::to_string(fault.items) + " about " + fault.video + ": " + fault.why);
  remarks.insert(remarks.end(), report.scores.notes.begin(), report.scores.notes.end());
  return remarks;
}

}  // namespace

std::string RunReport::to_text() const {
  std::string text = aligned(rows_of(*this));
  for (const std::string& remark : remarks_of(*this)) text += remark + "\n";
  return text;
}

std::string RunReport::to_markdown() const {
  std::string text;
  for (const auto& row : rows_of(*this)) {
    text += "|";
    for (const std::string& cell : row) text += " " + cell + " |";
    text += text.find('\n') == text.npos ? "\n|---|---|---|\n" : "\n";
  }
  text += "\n";
  for (const std::string& remark : remarks_of(*this)) text += "- " + remark + "\n";
  return text;
}

std::string RunReport::to_json() const {
  std::string rows, absent, notes;
  for (const Score& score : scores.scores) {
    const auto known = published(benchmark, score.name);
    rows += (rows.empty() ? "\n" : ",\n") +
            ("{\"name\": " + json_string(score.name) + ", \"value\": " + number(score.value, 9)) +
            (known ? ", \"published\": " + brief(*known) : "") + "}";
  }
  for (const VideoFault& fault : faults) {
    absent += (absent.empty() ? "\n" : ",\n") + ("{\"video\": " + json_string(fault.video)) +
              ", \"items\": " + std::to_string(fault.items) + ", \"why\": " + json_string(fault.why) + "}";
  }
  for (const std::string& note : scores.notes) notes += (notes.empty() ? "" : ", ") + json_string(note);
  return "{\"benchmark\": " + json_string(name_of(kRunBenchmarks, benchmark)) +
         ",\n\"rules\": " + json_string(scores.rules) + ",\n\"model\": " + json_string(model) +
         ",\n\"items\": " + std::to_string(items) + ",\n\"predicted\": " + std::to_string(predicted) +
         ",\n\"scores\": [" + rows + "],\n\"faults\": [" + absent + "],\n\"notes\": [" + notes + "]}\n";
}

}  // namespace gvl::evaluation
