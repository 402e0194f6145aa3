/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/report.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "evaluation/format.hpp"
#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

constexpr const char* kOverall = "overall";

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

ReportRow row_of(const std::string& kind, const GroundingScore& score) {
  return {kind, {score.count}, {score.recall[0], score.recall[1], score.recall[2], score.mean_iou}};
}

ReportRow row_of(const std::string& kind, const RocAuc& auc) {
  return {kind, {auc.present, auc.absent}, {auc.value, auc.threshold, auc.kept_present, auc.kept_absent}};
}

ReportRow row_of(const std::string& kind, const ChoiceScore& score) { return {kind, {score.count}, {score.accuracy}}; }

ReportRow row_of(const std::string& kind, const DenseCaptioningScore& score) {
  return {kind, {score.count}, {score.soda.precision, score.soda.recall, score.soda.f1, score.meteor}};
}

bool has_value(const ReportRow& row) {
  return std::all_of(row.counts.begin(), row.counts.end(), [](std::size_t count) { return count > 0; });
}

bool has_results(const ReportRow& row) {
  return std::any_of(row.counts.begin(), row.counts.end(), [](std::size_t count) { return count > 0; });
}

/** Sorts by the value of that index. */
void sort_worst_first(std::vector<ReportRow>& rows, std::size_t value) {
  const auto key = [&](const ReportRow& row) { return std::tuple(!has_value(row), row.values[value], row.kind); };
  std::sort(rows.begin(), rows.end(), [&](const ReportRow& a, const ReportRow& b) { return key(a) < key(b); });
}

/** Fills a section with what `score` makes of each kind's results and of all together. */
template <typename Result, typename Score>
ReportSection filled(ReportSection section, const std::map<std::string, std::vector<Result>>& results, Score score,
                     std::size_t sort_value) {
  std::vector<Result> all;
  for (const auto& [kind, ones] : results) {
    section.kinds.push_back(row_of(kind, score(ones)));
    append(all, ones);
  }
  section.overall = row_of(kOverall, score(all));
  sort_worst_first(section.kinds, sort_value);
  return section;
}

std::string json_row(const ReportSection& section, const ReportRow& row, bool with_kind) {
  std::string json = "{";
  const auto member = [&](const std::string& name, const std::string& value) {
    json += (json.size() > 1 ? ", " : "") + json_string(name) + ": " + value;
  };
  if (with_kind) member("kind", json_string(row.kind));
  for (std::size_t i = 0; i < row.counts.size(); ++i) member(section.count_names[i], std::to_string(row.counts[i]));
  for (std::size_t i = 0; i < row.values.size(); ++i) member(section.value_names[i], number(row.values[i]));
  return json + "}";
}

std::string json_section(const ReportSection& section) {
  std::string json = "  " + json_string(section.name) +
                     ": {\n    \"overall\": " + json_row(section, section.overall, false) + ",\n    \"kinds\": [";
  for (std::size_t i = 0; i < section.kinds.size(); ++i) {
    json += (i ? ",\n      " : "\n      ") + json_row(section, section.kinds[i], true);
  }
  return json + (section.kinds.empty() ? "]\n  }" : "\n    ]\n  }");
}

std::vector<std::string> cells(const ReportRow& row) {
  std::vector<std::string> line{row.kind};
  for (const std::size_t count : row.counts) line.push_back(std::to_string(count));
  for (const double value : row.values) line.push_back(has_value(row) ? number(value) : "-");
  return line;
}

std::string table(const ReportSection& section) {
  std::vector<std::vector<std::string>> lines{{section.name}};
  append(lines.front(), section.count_names);
  append(lines.front(), section.value_names);
  lines.push_back(cells(section.overall));
  for (const ReportRow& row : section.kinds) lines.push_back(cells(row));
  return aligned(lines);
}

}  // namespace

void Report::add_grounding(const std::string& kind, const Grounding& grounding) {
  const double iou = grounding_iou(grounding);
  ious_[kind].push_back(iou);
}

void Report::add_presence(const std::string& kind, double score, bool present) {
  if (std::isnan(score)) throw Error(ErrorCode::kInvalidArgument, "a score is not a number");
  Scores& scores = presences_[kind];
  (present ? scores.present : scores.absent).push_back(score);
}

void Report::add_choice(const std::string& kind, const Choice& choice) { choices_[kind].push_back(choice); }

void Report::add_dense_captioning(const std::string& kind, const DenseCaptioningScore& video) {
  videos_[kind].push_back(video);
}

std::vector<ReportSection> Report::sections() const {
  const auto grounding = [](const std::vector<double>& ious) { return grounding_score(ious); };
  const auto auc = [](const std::vector<Scores>& parts) {
    Scores all;
    for (const Scores& part : parts) {
      append(all.present, part.present);
      append(all.absent, part.absent);
    }
    return roc_auc(all.present, all.absent);
  };
  std::map<std::string, std::vector<Scores>> presences;
  for (const auto& [kind, scores] : presences_) presences[kind] = {scores};
  return {
      filled({"grounding", {"count"}, {"r1_0.3", "r1_0.5", "r1_0.7", "miou"}, {}, {}}, ious_, grounding, 3),
      filled({"absent", {"present", "absent"}, {"auc", "threshold", "kept", "wrong"}, {}, {}}, presences, auc, 0),
      filled({"multiple_choice", {"count"}, {"accuracy"}, {}, {}}, choices_, choice_score, 0),
      filled({"dense_captioning", {"count"}, {"soda_p", "soda_r", "soda_f1", "meteor"}, {}, {}}, videos_, mean, 2),
  };
}

std::string Report::to_table() const {
  std::string text;
  for (const ReportSection& section : sections()) {
    if (has_results(section.overall)) text += (text.empty() ? "" : "\n") + table(section);
  }
  return text.empty() ? "no results\n" : text;
}

std::string Report::to_json() const {
  std::string json = "{\n";
  const std::vector<ReportSection> all = sections();
  for (std::size_t i = 0; i < all.size(); ++i) json += json_section(all[i]) + (i + 1 < all.size() ? ",\n" : "\n");
  return json + "}\n";
}

}  // namespace gvl::evaluation
