/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/mvbench.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr std::array<MvbenchTask, 20> kTasks{{
    {"action_sequence", "Action Sequence"},
    {"action_prediction", "Action Prediction"},
    {"action_antonym", "Action Antonym"},
    {"fine_grained_action", "Fine-grained Action"},
    {"unexpected_action", "Unexpected Action"},
    {"object_existence", "Object Existence"},
    {"object_interaction", "Object Interaction"},
    {"object_shuffle", "Object Shuffle"},
    {"moving_direction", "Moving Direction"},
    {"action_localization", "Action Localization"},
    {"scene_transition", "Scene Transition"},
    {"action_count", "Action Count"},
    {"moving_count", "Moving Count"},
    {"moving_attribute", "Moving Attribute"},
    {"state_change", "State Change"},
    {"fine_grained_pose", "Fine-grained Pose"},
    {"character_order", "Character Order"},
    {"egocentric_navigation", "Egocentric Navigation"},
    {"episodic_reasoning", "Episodic Reasoning", 3},
    {"counterfactual_inference", "Counterfactual Inference"},
}};

/** A task with its questions and what was answered to each. */
struct AnsweredTask {
  MvbenchTask task;
  fs::path file;
  std::vector<MvbenchQuestion> questions;
  std::vector<std::optional<std::string>> answers;
};

std::optional<Interval> read_bounds(const io::JsonValue& record) {
  if (!record.has("start") && !record.has("end")) return std::nullopt;
  const Interval bounds{record.number("start"), record.number("end")};
  if (bounds.start < 0) throw record.at("start").error("must not be below 0");
  if (bounds.stop < bounds.start) throw record.at("end").error("must not be before start");
  return bounds;
}

MvbenchQuestion read_question(const io::JsonValue& record) {
  MvbenchQuestion question;
  question.video = record.string("video");
  question.question = record.string("question");
  const io::JsonValue candidates = record.array("candidates");
  for (const io::JsonValue& candidate : candidates.elements()) question.candidates.push_back(candidate.as_string());
  if (question.candidates.size() > kMostOptions) throw candidates.error("are more than 26");
  const std::string answer = record.string("answer");
  if (answer.empty()) throw record.at("answer").error("is empty");
  const auto& all = question.candidates;
  const auto first = std::find(all.begin(), all.end(), answer);
  if (first == all.end()) throw record.at("answer").error("is none of the candidates");
  question.first_right = static_cast<std::size_t>(first - all.begin());
  question.last_right =
      all.size() - 1 - static_cast<std::size_t>(std::find(all.rbegin(), all.rend(), answer) - all.rbegin());
  question.bounds = read_bounds(record);
  return question;
}

std::vector<AnsweredTask> read_tasks(const fs::path& folder) {
  std::vector<AnsweredTask> tasks;
  for (const MvbenchTask& task : kTasks) {
    const fs::path file = folder / (std::string(task.name) + ".json");
    std::error_code ignored;
    if (fs::status(file, ignored).type() == fs::file_type::not_found) continue;
    tasks.push_back({task, file, read_mvbench_task(file), {}});
    tasks.back().answers.resize(tasks.back().questions.size());
  }
  if (tasks.empty()) throw Error(ErrorCode::kNotFound, folder.string() + ": has no file of an MVBench task");
  return tasks;
}

void read_prediction(const io::JsonValue& line, std::vector<AnsweredTask>& tasks) {
  if (const auto twice = line.repeated_member()) throw line.error("has " + io::quote(*twice) + " twice");
  const std::string name = line.string("task");
  const auto task =
      std::find_if(tasks.begin(), tasks.end(), [&](const AnsweredTask& t) { return t.task.name == name; });
  if (task == tasks.end()) throw line.at("task").error("there is no file of a task " + io::quote(name));
  const auto last = static_cast<std::int64_t>(task->questions.size()) - 1;
  const std::int64_t index = line.integer("index", 0, last);
  std::optional<std::string>& answer = task->answers[static_cast<std::size_t>(index)];
  if (answer) throw line.error("answers question " + std::to_string(index) + " of " + name + " a second time");
  answer = line.string("text");
}

void read_predictions(const fs::path& file, std::vector<AnsweredTask>& tasks) {
  JsonLines lines(file);
  std::string line;
  while (lines.next(line)) {
    constexpr std::size_t kMostValues = std::size_t{1} << 16;
    const std::string place = file.string() + ": line " + std::to_string(lines.number());
    read_prediction(io::JsonValue::parse(line, place, {.bytes = kLongestJsonLine, .values = kMostValues}), tasks);
  }
}

bool is_right(const AnsweredTask& task, std::size_t index, OptionRule rule, const fs::path& predictions) {
  const MvbenchQuestion& question = task.questions[index];
  try {
    const OptionSet taken = taken_options(*task.answers[index], rule);
    return taken[rule == OptionRule::kLmmsMvbench ? question.first_right : question.last_right];
  } catch (const Error& error) {
    throw Error(error.code(), predictions.string() + ": the text of question " + std::to_string(index) + " of " +
                                  task.task.name + " " + error.what());
  }
}

/** What the questions come to, and how many are not counted. */
std::pair<OptionTally, std::size_t> count(const AnsweredTask& task, OptionRule rule, const fs::path& predictions) {
  OptionTally tally;
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < task.questions.size(); ++i) {
    const std::optional<std::string>& answer = task.answers[i];
    if (!answer && rule != OptionRule::kTimeChat) {
      throw Error(ErrorCode::kMalformed, predictions.string() + ": does not answer question " + std::to_string(i) +
                                             " of " + task.file.string());
    }
    if (!answer || (rule == OptionRule::kLmmsMvbench && answer->empty())) {
      ++left_out;
    } else {
      tally.add(is_right(task, i, rule, predictions));
    }
  }
  return {tally, left_out};
}

void check_rule(OptionRule rule) {
  if (rule != OptionRule::kVideoMme && rule != OptionRule::kLmmsVideoMme) return;
  throw Error(ErrorCode::kInvalidArgument, name_of(kOptionRules, rule) + ": is no rule of MVBench");
}

std::vector<std::string> notes_of(const std::vector<AnsweredTask>& tasks, std::size_t left_out, OptionRule rule) {
  std::vector<std::string> notes;
  std::string absent;
  for (const MvbenchTask& task : kTasks) {
    const bool is_there = std::any_of(tasks.begin(), tasks.end(),
                                      [&](const AnsweredTask& t) { return std::string(t.task.name) == task.name; });
    if (!is_there) absent += (absent.empty() ? "" : ", ") + std::string(task.name);
  }
  if (!absent.empty()) notes.push_back("There are no files of these tasks: " + absent + ".");
  if (left_out > 0) {
    notes.push_back(
        std::to_string(left_out) +
        (rule == OptionRule::kTimeChat ? " questions without a prediction" : " questions with an empty answer") +
        " are not counted.");
  }
  return notes;
}

}  // namespace

std::span<const MvbenchTask> mvbench_tasks() noexcept { return kTasks; }

std::vector<MvbenchQuestion> read_mvbench_task(const fs::path& file) {
  const io::JsonValue list = io::JsonValue::load(file);
  std::vector<MvbenchQuestion> questions;
  for (const io::JsonValue& record : list.elements()) questions.push_back(read_question(record));
  if (questions.empty()) throw list.error("holds no question");
  return questions;
}

ScoreReport score_mvbench(const fs::path& annotations, const fs::path& predictions, OptionRule rule) {
  check_rule(rule);
  std::vector<AnsweredTask> tasks = read_tasks(annotations);
  read_predictions(predictions, tasks);
  ScoreReport report{"mvbench", name_of(kOptionRules, rule), 0, {{"total", 0}, {"mean of tasks", 0}}, {}};
  OptionTally total;
  double sum = 0;
  std::size_t left_out = 0;
  std::size_t counted_tasks = 0;
  for (const AnsweredTask& task : tasks) {
    const auto [tally, uncounted] = count(task, rule, predictions);
    left_out += uncounted;
    // TimeChat's script knows no task of which it has read no video.
    if (tally.counted == 0 && rule == OptionRule::kTimeChat) continue;
    total.add(tally);
    sum += tally.percent();
    ++counted_tasks;
    report.scores.push_back({task.task.title, tally.percent()});
  }
  if (counted_tasks == 0) throw Error(ErrorCode::kMalformed, predictions.string() + ": answers no question");
  report.counted = total.counted;
  report.scores[0].value = total.percent();
  report.scores[1].value = sum / static_cast<double>(counted_tasks);
  report.notes = notes_of(tasks, left_out, rule);
  return report;
}

}  // namespace gvl::evaluation
