/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/rextime.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/benchmarks/moment_retrieval.hpp"
#include "evaluation/benchmarks/qvhighlights_file.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

/** A question, and what was answered to it. */
struct Question {
  MomentQuery moment;
  std::string right;
  std::optional<std::string> answer;
};

Interval window_of(const io::JsonValue& value, double smallest) {
  const auto numbers = value.elements();
  if (numbers.size() < 2) throw value.error("is no start and end");
  return {video_time(numbers[0], smallest), video_time(numbers[1], smallest)};
}

std::map<std::string, Question> read_questions(const fs::path& file) {
  std::map<std::string, Question> questions;
  for_each_qvhighlights_line(file, [&](const std::string& id, const io::JsonValue& record) {
    Question question;
    question.moment.id = id;
    question.right = record.string("ans");
    for (const io::JsonValue& window : record.array("relevant_windows").elements())
      question.moment.truths.push_back(window_of(window, 0));
    if (question.moment.truths.empty()) throw record.at("relevant_windows").error("has no window");
    questions.emplace(id, std::move(question));
  });
  return questions;
}

/** What the first line of a submission has, and so all must have. */
struct Parts {
  bool windows = false, answers = false;
};

Parts read_submission(const fs::path& file, std::map<std::string, Question>& questions) {
  std::optional<Parts> parts;
  for_each_qvhighlights_line(file, [&](const std::string& id, const io::JsonValue& record) {
    if (!parts) parts = Parts{record.has("pred_relevant_windows"), record.has("ans")};
    if (!parts->windows && !parts->answers) throw record.error("has neither \"pred_relevant_windows\" nor \"ans\"");
    const auto found = questions.find(id);
    if (found == questions.end()) throw record.at("qid").error(id + " is no question of the annotations");
    MomentQuery& moment = found->second.moment;
    moment.place = record.source();
    if (parts->answers) found->second.answer = record.string("ans");
    if (!parts->windows) return;
    for (const io::JsonValue& window : record.array("pred_relevant_windows").elements())
      moment.predictions.push_back({window_of(window, kSmallestPrediction), 0});
    if (moment.predictions.empty()) throw record.at("pred_relevant_windows").error("has no window");
  });
  for (const auto& [id, question] : questions) {
    if (question.moment.place.empty())
      throw Error(ErrorCode::kMalformed, file.string() + ": has no line for question " + id);
  }
  return *parts;
}

}  // namespace

ScoreReport score_rextime(const fs::path& annotations, const fs::path& submission) {
  constexpr std::array<double, 3> kThresholds{0.3, 0.5, 0.7};
  constexpr std::array<const char*, 3> kNames{"@0.3", "@0.5", "@0.7"};
  auto questions = read_questions(annotations);
  const Parts parts = read_submission(submission, questions);
  std::array<double, 3> hits{}, both{};
  double right = 0, sum = 0;
  for (const auto& [id, question] : questions) {
    const bool is_right = question.answer == question.right;
    right += is_right;
    if (!parts.windows) continue;
    const double iou = first_moment(question.moment).iou;
    sum += iou;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      hits[i] += iou >= kThresholds[i];
      both[i] += iou >= kThresholds[i] && is_right;
    }
  }
  const auto count = static_cast<double>(questions.size());
  ScoreReport report{"rextime", "rextime_eval", static_cast<std::int64_t>(questions.size()), {}, {}};
  for (std::size_t i = 0; parts.windows && i < hits.size(); ++i)
    report.scores.push_back({std::string("MR-full-R1") + kNames[i], 100 * hits[i] / count});
  if (parts.windows) report.scores.push_back({"MR-full-mIoU", 100 * sum / count});
  if (parts.answers) report.scores.push_back({"VQA", right / count});
  for (std::size_t i = 0; parts.windows && parts.answers && i < both.size(); ++i)
    report.scores.push_back({std::string("VQA,mIoU") + kNames[i], both[i] / count});
  return report;
}

}  // namespace gvl::evaluation
