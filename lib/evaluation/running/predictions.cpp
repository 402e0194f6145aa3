/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/running/predictions.hpp"

#include <glib.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "evaluation/benchmarks/grounded_qa.hpp"
#include "evaluation/benchmarks/highlight_detection.hpp"
#include "evaluation/benchmarks/mvbench.hpp"
#include "evaluation/benchmarks/option_parsing.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "evaluation/benchmarks/videomme.hpp"
#include "evaluation/captions/dense_caption_scores.hpp"
#include "evaluation/choice.hpp"
#include "evaluation/format.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"
#include "io/json.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;
using Lines = std::map<std::string, std::string>;

/** What is predicted where there is nothing: no option's letter, no window that overlaps any. */
constexpr const char* kNothing = "?";

std::string member(const char* name, const std::string& json) { return json_string(name) + ": " + json; }

std::string window_text(double start, double stop) { return "[" + number(start, 3) + ", " + number(stop, 3) + "]"; }

std::string grounding_members(const Answer& answer) {
  std::vector<gvl::Interval> found = answer.intervals;
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
  std::string windows, confidences;
  for (const gvl::Interval& interval : found) {
    windows += (windows.empty() ? "" : ", ") + window_text(interval.start, interval.stop);
    confidences += (confidences.empty() ? "" : ", ") + number(interval.confidence);
  }
  return member("windows", "[" + windows + "]") + ", " + member("confidences", "[" + confidences + "]");
}

std::string caption_members(const Answer& answer) {
  std::string captions;
  for (const gvl::Interval& interval : answer.intervals) {
    captions += (captions.empty() ? "" : ", ") +
                ("{" + member("sentence", json_string(interval.text)) + ", " +
                 member("timestamp", window_text(interval.start, interval.stop))) +
                "}";
  }
  return member("captions", "[" + captions + "]");
}

std::string without_prefix(const std::string& answer) {
  const std::string prefix = "Answer:";
  const std::string rest = answer.starts_with(prefix) ? answer.substr(prefix.size()) : answer;
  const std::size_t start = rest.find_first_not_of(" \n");
  return start == rest.npos ? kNothing : rest.substr(start);
}

/** "TASK#N" as MVBench's predictions name it. */
std::string mvbench_members(const std::string& id, const std::string& text) {
  const std::size_t mark = id.rfind('#');
  return member("task", json_string(id.substr(0, mark))) + ", " + member("index", id.substr(mark + 1)) + ", " +
         member("text", json_string(text));
}

std::string nextgqa_members(const BenchmarkItem& item, const std::vector<Answer>& answers) {
  const auto chosen = chosen_option(answers.at(0).text_seconds, item.options);
  return member("choice", json_string(chosen ? item.options[*chosen] : "")) + ", " + grounding_members(answers.at(1));
}

/** An item's prediction; none where there is no line of it. */
std::optional<io::JsonValue> prediction_of(const std::string& id, const Lines& lines) {
  const auto found = lines.find(id);
  if (found == lines.end()) return std::nullopt;
  return io::JsonValue::parse(found->second, "prediction " + id);
}

fs::path written(const fs::path& file, const std::string& text) {
  io::write_atomically(file, text);
  return file;
}

ScoreReport score_grounding(RunBenchmark benchmark, const fs::path& annotations, const Lines& lines,
                            const fs::path& out) {
  std::string text;
  for (const auto& [id, line] : lines) text += line + "\n";
  return score_temporal_grounding(annotations, written(out / "windows.jsonl", text), GroundingRules::kGvl,
                                  name_of(kRunBenchmarks, benchmark));
}

ScoreReport score_captions(const fs::path& annotations, const std::vector<BenchmarkItem>& items, const Lines& lines,
                           const fs::path& out, const MeteorMaker& meteor) {
  std::string results;
  for (const BenchmarkItem& item : items) {
    const auto prediction = prediction_of(item.id, lines);
    std::string captions;
    for (const io::JsonValue& one :
         prediction ? prediction->array("captions").elements() : std::vector<io::JsonValue>()) {
      const auto times = one.array("timestamp").elements();
      captions += (captions.empty() ? "" : ", ") +
                  ("{" + member("sentence", json_string(one.string("sentence"))) + ", " +
                   member("timestamp", window_text(times.at(0).as_number(), times.at(1).as_number()))) +
                  "}";
    }
    results += (results.empty() ? "\n" : ",\n") + member(item.id.c_str(), "[" + captions + "]");
  }
  const fs::path file =
      written(out / "submission.json",
              "{\"version\": \"VERSION 1.0\", \"external_data\": {\"used\": false}, \"results\": {" + results + "}}\n");
  const auto counter = meteor();
  return score_dense_captions({annotations}, file, DenseCaptionRules::kVTimeLlm, *counter);
}

/** The published script raises for a query without a window. */
ScoreReport score_highlights(const fs::path& annotations, const std::vector<BenchmarkItem>& items, const Lines& lines,
                             const fs::path& out) {
  std::string text;
  for (const BenchmarkItem& item : items) {
    const auto prediction = prediction_of(item.id, lines);
    std::string windows;
    const std::size_t count = prediction ? prediction->array("windows").size() : 0;
    for (std::size_t i = 0; i < count; ++i) {
      const io::JsonValue window = prediction->array("windows").at(i);
      windows += (windows.empty() ? "[" : ", [") + number(window.at(0).as_number(), 3) + ", " +
                 number(window.at(1).as_number(), 3) + ", " +
                 number(prediction->array("confidences").at(i).as_number()) + "]";
    }
    text += "{" + member("qid", item.id) + ", " +
            member("pred_relevant_windows", "[" + (windows.empty() ? "[0, 0, 0]" : windows) + "]") + "}\n";
  }
  return score_qvhighlights(annotations, written(out / "submission.jsonl", text));
}

ScoreReport score_questions(const fs::path& folder, const std::vector<BenchmarkItem>& items, const Lines& lines,
                            const fs::path& out) {
  std::map<std::string, std::string> right;
  for (const QuestionType& question : read_question_types(folder / "test.csv")) right[question.key] = question.answer;
  std::string spans, answers;
  for (const BenchmarkItem& item : items) {
    const auto prediction = prediction_of(item.id, lines);
    const std::string choice = prediction ? prediction->string("choice") : "";
    answers += (answers.empty() ? "\n" : ",\n") +
               member(item.id.c_str(), "{" + member("answer", json_string(right[item.id])) + ", " +
                                           member("prediction", json_string(choice)) + "}");
    if (!prediction || prediction->array("windows").size() == 0) continue;
    const io::JsonValue window = prediction->array("windows").at(0);
    spans += (spans.empty() ? "\n" : ",\n") +
             member(item.id.c_str(), window_text(window.at(0).as_number(), window.at(1).as_number()));
  }
  const GroundedQaPredictions files{written(out / "test_ground.json", "{" + spans + "}\n"),
                                    written(out / "test-res.json", "{" + answers + "}\n")};
  return score_grounded_qa(folder, files);
}

ScoreReport score_choices(const fs::path& folder, const std::vector<BenchmarkItem>& items, const Lines& lines,
                          const fs::path& out) {
  std::string text;
  for (const BenchmarkItem& item : items) {
    const auto prediction = prediction_of(item.id, lines);
    text += "{" + mvbench_members(item.id, prediction ? prediction->string("text") : kNothing) + "}\n";
  }
  return score_mvbench(folder, written(out / "choices.jsonl", text), OptionRule::kNotebookText);
}

std::string videomme_question(const io::JsonValue& question, const std::string& response) {
  std::string text;
  for (const char* name : {"question_id", "task_type", "question", "answer"})
    text += member(name, json_string(question.string(name))) + ", ";
  return "{" + text + member("response", json_string(response)) + "}";
}

ScoreReport score_template(const fs::path& annotations, const Lines& lines, const fs::path& out) {
  std::string text;
  for (const io::JsonValue& video : io::JsonValue::load(annotations).elements()) {
    std::string questions;
    bool is_missing = false;
    for (const io::JsonValue& question : video.array("questions").elements()) {
      const auto prediction = prediction_of(question.string("question_id"), lines);
      is_missing = is_missing || !prediction;
      questions +=
          (questions.empty() ? "" : ", ") + videomme_question(question, prediction ? prediction->string("text") : "");
    }
    std::string members;
    for (const char* name : {"video_id", "duration", "domain", "sub_category"})
      members += member(name, json_string(video.string(name))) + ", ";
    text += (text.empty() ? "" : ",\n") + ("{" + members) + member("missing", is_missing ? "true" : "false") + ", " +
            member("questions", "[" + questions + "]") + "}";
  }
  const std::string filled = "[" + text + "]\n";
  written(out / "output_template_filled.json", filled);
  // What cannot be scored stands in the annotation, at the same place.
  return score_videomme(io::JsonValue::parse(filled, annotations.string()));
}

/** Where predictions that nobody made are kept, until it goes. */
struct RehearsalFolder {
  fs::path path;

  // Of its own: several processes share the work.
  RehearsalFolder() {
    g_autoptr(GError) error = nullptr;
    g_autofree char* made = g_dir_make_tmp("gvl-eval-XXXXXX", &error);
    if (!made) throw Error(ErrorCode::kResource, error->message);
    path = made;
  }
  ~RehearsalFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  RehearsalFolder(const RehearsalFolder&) = delete;
  RehearsalFolder& operator=(const RehearsalFolder&) = delete;
};

}  // namespace

std::string prediction_line(RunBenchmark benchmark, const BenchmarkItem& item, const std::vector<Answer>& answers,
                            double duration) {
  const Answer& answer = answers.at(0);
  std::string members;
  if (benchmark == RunBenchmark::kDenseCaptions) {
    members = caption_members(answer);
  } else if (benchmark == RunBenchmark::kNextGqa) {
    members = nextgqa_members(item, answers);
  } else if (benchmark == RunBenchmark::kMvbench) {
    members = mvbench_members(item.id, without_prefix(answer.text_seconds));
  } else if (benchmark == RunBenchmark::kVideoMme) {
    members = member("text", json_string(answer.text_seconds));
  } else {
    members = grounding_members(answer);
  }
  return "{" + member("id", json_string(item.id)) + ", " + members + ", " +
         member("answer", json_string(answer.text_seconds)) + ", " + member("duration", number(duration, 3)) + "}";
}

ScoreReport score_predictions_of(RunBenchmark benchmark, const fs::path& annotations,
                                 const std::vector<BenchmarkItem>& items, const Lines& lines, const fs::path& out,
                                 const MeteorMaker& meteor) {
  switch (benchmark) {
    case RunBenchmark::kCharadesSta:
    case RunBenchmark::kActivityNetCaptions:
      return score_grounding(benchmark, annotations, lines, out);
    case RunBenchmark::kDenseCaptions:
      return score_captions(annotations, items, lines, out, meteor);
    case RunBenchmark::kQvHighlights:
      return score_highlights(annotations, items, lines, out);
    case RunBenchmark::kNextGqa:
      return score_questions(annotations, items, lines, out);
    case RunBenchmark::kMvbench:
      return score_choices(annotations, items, lines, out);
    case RunBenchmark::kVideoMme:
      return score_template(annotations, lines, out);
  }
  throw Error(ErrorCode::kInvalidArgument, "there is no such benchmark");
}

void rehearse_scoring(RunBenchmark benchmark, const fs::path& annotations, const std::vector<BenchmarkItem>& items,
                      const MeteorMaker& meteor) {
  const RehearsalFolder folder;
  Answer answer;
  answer.intervals.push_back({0, 1, 1, "something"});
  Lines lines;
  for (const BenchmarkItem& item : items) {
    const std::vector<Answer> answers(item.queries.size(), answer);
    lines[item.id] = prediction_line(benchmark, item, answers, 1);
  }
  score_predictions_of(benchmark, annotations, items, lines, folder.path, meteor);
}

}  // namespace gvl::evaluation
