/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/mvbench.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "benchmark_test.hpp"
#include "evaluation/format.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

const std::map<std::string, OptionRule> kRules{{"notebook check_ans(raw)", OptionRule::kNotebookText},
                                               {"notebook check_ans(\"(\"+first line)", OptionRule::kNotebook},
                                               {"TimeChat check_ans(raw)", OptionRule::kTimeChat},
                                               {"lmms-eval", OptionRule::kLmmsMvbench}};

std::filesystem::path folder() { return fixture("metrics/mvbench"); }

std::string name_with_title(const std::string& title) {
  for (const MvbenchTask& task : mvbench_tasks()) {
    if (task.title == title) return task.name;
  }
  ck_abort_msg("no task %s", title.c_str());
}

std::string line_of(const std::string& task, std::int64_t index, const std::string& text) {
  return "{\"task\": " + json_string(task) + ", \"index\": " + std::to_string(index) +
         ", \"text\": " + json_string(text) + "}\n";
}

/** The published answers as JSON lines. */
std::string predictions() {
  std::string lines;
  for (const JsonValue& one : JsonValue::load(folder() / "predictions.json").elements()) {
    lines += line_of(name_with_title(one.string("task")), one.integer("index"), one.string("raw"));
  }
  return lines;
}

/** The members of an accuracy in the published results, all of which must be known. The number compared. */
int expect_accuracy(const JsonValue& expected, const ScoreReport& report) {
  int compared = 0;
  for (const auto& [name, value] : expected.members()) {
    if (name == "per_task") {
      for (const auto& [title, accuracy] : value.members()) {
        expect_score(report, title, accuracy.as_number());
        ++compared;
      }
    } else {
      const bool is_mean = name == "mean_of_tasks";
      ck_assert(is_mean || name == "total (micro, as the notebook prints)" || name == "all_in_one");
      expect_score(report, is_mean ? "mean of tasks" : "total", value.as_number());
      ++compared;
    }
  }
  return compared;
}

std::string prompt_of(const MvbenchQuestion& question) {
  std::string text = "Question: " + question.question + "\nOptions:";
  for (std::size_t i = 0; i < question.candidates.size(); ++i) {
    text += std::string("\n(") + static_cast<char>('A' + i) + ") " + question.candidates[i];
  }
  return text;
}

void expect_item(const JsonValue& item, const MvbenchQuestion& question, int& compared) {
  const std::map<std::string, OptionRule> rules{{"notebook check_ans(raw)", OptionRule::kNotebookText},
                                                {"notebook check_ans(\"(\"+first line)", OptionRule::kNotebook},
                                                {"TimeChat check_ans(raw)", OptionRule::kTimeChat},
                                                {"lmms-eval score", OptionRule::kLmmsMvbench},
                                                {"ETBench response[0]==letter", OptionRule::kEtbench}};
  const std::string right = question.candidates.at(question.last_right);
  expect_text("(" + std::string(1, static_cast<char>('A' + question.last_right)) + ") " + right, item.string("gt"));
  if (item.has("prompt")) expect_text(prompt_of(question), item.string("prompt"));
  for (const auto& [name, rule] : rules) {
    const JsonValue verdict = item.at(name);
    ++compared;
    if (verdict.is_object()) {
      expect_error(verdict.path(), ErrorCode::kMalformed, {verdict.string("exception").substr(0, 10)},
                   [&, taken = rule] { taken_options(item.string("raw"), taken); });
      continue;
    }
    const bool expected = verdict.is_bool() ? verdict.as_bool() : verdict.as_integer(0, 1) == 1;
    const bool is_lmms = rule == OptionRule::kLmmsMvbench;
    const OptionSet taken = taken_options(item.string("raw"), rule);
    ck_assert_msg(taken[is_lmms ? question.first_right : question.last_right] == expected, "%s of '%s'",
                  verdict.path().c_str(), item.string("raw").c_str());
  }
}

/** Annotations of two questions and one answer file, each of which a case may replace. */
struct Files {
  TemporaryFolder folder;
  std::string questions =
      R"([{"video": "a.mp4", "question": "What?", "candidates": ["one", "two"], "answer": "two", "start": 1, "end": 2},)"
      R"( {"video": "b.mp4", "question": "Who?", "candidates": ["he", "she"], "answer": "he"}])";
  std::string answers = line_of("moving_count", 0, "(B)") + line_of("moving_count", 1, "(B)");

  ScoreReport score(OptionRule rule = OptionRule::kNotebook) const {
    write_file(folder / "moving_count.json", questions);
    write_file(folder / "answers.jsonl", answers);
    return score_mvbench(folder.path(), folder / "answers.jsonl", rule);
  }
};

void expect_bad_questions(const std::string& questions, const std::vector<std::string>& parts) {
  Files files;
  files.questions = questions;
  expect_malformed("moving_count.json", parts, [&] { files.score(); });
}

void expect_bad_answers(const std::string& answers, const std::vector<std::string>& parts) {
  Files files;
  files.answers = answers;
  expect_malformed("answers.jsonl", parts, [&] { files.score(); });
}

std::string question(const std::string& members) {
  return "[{\"video\": \"a\", \"question\": \"?\", " + members + "}]";
}

}  // namespace

GVL_TEST(published_accuracies) {
  const JsonValue all = JsonValue::load(folder() / "expected.json").object("accuracy");
  const TemporaryFolder temporary;
  write_file(temporary / "answers.jsonl", predictions());
  int compared = 0;
  for (const auto& [name, expected] : all.members()) {
    const ScoreReport report = score_mvbench(folder(), temporary / "answers.jsonl", kRules.at(name));
    expect_text(report.rules, name_of(kOptionRules, kRules.at(name)));
    const int of_rule = expect_accuracy(expected, report);
    ck_assert_uint_eq(report.scores.size(), static_cast<std::size_t>(of_rule));
    compared += of_rule;
    const bool is_lmms = kRules.at(name) == OptionRule::kLmmsMvbench;
    ck_assert_int_eq(report.counted, is_lmms ? 103 : 108);
    // 15 of the 20 tasks are not there.
    ck_assert_uint_eq(report.notes.size(), is_lmms ? 2 : 1);
  }
  ck_assert_int_eq(compared, 4 * 7);
}

GVL_TEST(published_items) {
  std::map<std::string, std::vector<MvbenchQuestion>> questions;
  int compared = 0;
  for (const JsonValue& item : JsonValue::load(folder() / "expected.json").array("per_item").elements()) {
    const std::string name = name_with_title(item.string("task"));
    if (!questions.contains(name)) questions[name] = read_mvbench_task(folder() / (name + ".json"));
    expect_item(item, questions[name].at(static_cast<std::size_t>(item.integer("index", 0))), compared);
  }
  ck_assert_uint_eq(questions.size(), 5);
  ck_assert_int_eq(compared, 108 * 5);
}

GVL_TEST(etbench_raises) {
  const TemporaryFolder temporary;
  write_file(temporary / "answers.jsonl", predictions());
  expect_error("an empty answer", ErrorCode::kMalformed, {"answers.jsonl", "question 12 of episodic_reasoning"}, [&] {
    const TemporaryFolder one;
    std::filesystem::copy_file(folder() / "episodic_reasoning.json", one / "episodic_reasoning.json");
    std::string lines;
    for (const JsonValue& answer : JsonValue::load(folder() / "predictions.json").elements()) {
      if (answer.string("task") != "Episodic Reasoning") continue;
      lines += line_of("episodic_reasoning", answer.integer("index"), answer.string("raw"));
    }
    write_file(temporary / "answers.jsonl", lines);
    score_mvbench(one.path(), temporary / "answers.jsonl", OptionRule::kEtbench);
  });
  Files files;
  files.answers = line_of("moving_count", 1, "b") + line_of("moving_count", 0, "b");
  expect_score(files.score(OptionRule::kEtbench), "total", 50);
}

GVL_TEST(reading) {
  Files files;
  const ScoreReport report = files.score();
  expect_score(report, "total", 50);
  expect_text(report.benchmark, "mvbench");
  const auto questions = read_mvbench_task(files.folder / "moving_count.json");
  ck_assert_uint_eq(questions.size(), 2);
  expect_text(questions[0].video, "a.mp4");
  expect_near("start", questions[0].bounds->start, 1);
  expect_near("end", questions[0].bounds->stop, 2);
  ck_assert(!questions[1].bounds);
  const MvbenchQuestion twice = read_mvbench_task(folder() / "moving_count.json").at(6);
  ck_assert_uint_eq(twice.first_right, 0);
  ck_assert_uint_eq(twice.last_right, 2);
}

GVL_TEST(missing_predictions) {
  Files files;
  files.answers = line_of("moving_count", 1, "(A)");
  for (const OptionRule rule :
       {OptionRule::kNotebook, OptionRule::kNotebookText, OptionRule::kLmmsMvbench, OptionRule::kEtbench}) {
    expect_error("missing", ErrorCode::kMalformed, {"answers.jsonl", "question 0", "moving_count.json"},
                 [&] { files.score(rule); });
  }
  const ScoreReport report = files.score(OptionRule::kTimeChat);
  ck_assert_int_eq(report.counted, 1);
  expect_score(report, "total", 100);
  files.answers = "\n";
  expect_error("none", ErrorCode::kMalformed, {"answers.jsonl"}, [&] { files.score(OptionRule::kTimeChat); });
}

GVL_TEST(hostile_annotations) {
  expect_bad_questions("", {});
  expect_bad_questions("{", {});
  expect_bad_questions("{}", {});
  expect_bad_questions("[]", {"no question"});
  expect_bad_questions("[1]", {"[0]"});
  expect_bad_questions(question(R"("candidates": ["x"])"), {"[0]", "answer"});
  expect_bad_questions(question(R"("candidates": "x", "answer": "x")"), {"[0].candidates"});
  expect_bad_questions(question(R"("candidates": [1], "answer": "x")"), {"[0].candidates[0]"});
  expect_bad_questions(question(R"("candidates": [], "answer": "x")"), {"[0].answer"});
  expect_bad_questions(question(R"("candidates": ["x"], "answer": "y")"), {"[0].answer"});
  expect_bad_questions(question(R"("candidates": [""], "answer": "")"), {"[0].answer"});
  expect_bad_questions(question(R"("candidates": ["x"], "answer": 0)"), {"[0].answer"});
  expect_bad_questions(question(R"("candidates": ["x"], "answer": "x", "start": -1, "end": 2)"), {"[0].start"});
  expect_bad_questions(question(R"("candidates": ["x"], "answer": "x", "start": 3, "end": 2)"), {"[0].end"});
  expect_bad_questions(question(R"("candidates": ["x"], "answer": "x", "start": 3)"), {"end"});
  expect_bad_questions(question(R"("candidates": ["x"], "answer": "x", "start": NaN, "end": 2)"), {});
  expect_bad_questions(question(R"("candidates": ["x"], "answer": "x", "start": 1, "end": 1e999)"), {"[0].end"});
  expect_bad_questions(R"([{"video": 7, "question": "?", "candidates": ["x"], "answer": "x"}])", {"[0].video"});
  std::string many = "\"x\"";
  for (int i = 0; i < 26; ++i) many += ", \"x\"";
  expect_bad_questions(question("\"candidates\": [" + many + "], \"answer\": \"x\""), {"[0].candidates", "26"});
}

GVL_TEST(hostile_predictions) {
  const std::string good = line_of("moving_count", 0, "(B)");
  expect_bad_answers(good + good, {"line 2", "second time"});
  expect_bad_answers(good + line_of("moving_count", 2, "A"), {"line 2", "index"});
  expect_bad_answers(good + line_of("moving_count", -1, "A"), {"line 2", "index"});
  expect_bad_answers(good + line_of("Moving Count", 1, "A"), {"line 2", "task"});
  expect_bad_answers(good + line_of("action_count", 1, "A"), {"line 2", "task"});
  expect_bad_answers(good + "7\n", {"line 2"});
  expect_bad_answers(good + "{\"task\": \"moving_count\", \"index\": 1}\n", {"line 2", "text"});
  expect_bad_answers(good + "{\"task\": \"moving_count\", \"index\": 1, \"text\": null}\n", {"line 2", "text"});
  expect_bad_answers(good + "{\"task\": \"moving_count\", \"index\": 1, \"text\": 1}\n", {"line 2", "text"});
  expect_bad_answers(good + "{\"task\": \"moving_count\", \"index\": NaN, \"text\": \"\"}\n", {"line 2"});
  expect_bad_answers(good + "{\"task\": \"moving_count\", \"index\": 1e400, \"text\": \"\"}\n", {"line 2", "index"});
  expect_bad_answers(good + "{\"task\": \"moving_count\", \"index\": 1, \"index\": 1, \"text\": \"\"}\n",
                     {"line 2", "'index' twice"});
  expect_bad_answers(good + "{\"text\": \"\n", {"line 2"});
  expect_bad_answers(good + std::string((1 << 20) + 1, ' '), {"line 2", "longer"});
  expect_bad_answers("", {"question 0"});
  // As long as a line may be, and not a byte more.
  Files files;
  files.answers = good + line_of("moving_count", 1, std::string((1 << 20) - 100, '('));
  files.score();
}

GVL_TEST(nothing_to_score) {
  const TemporaryFolder empty;
  expect_error("no folder", ErrorCode::kNotFound, {"nowhere"},
               [&] { score_mvbench(empty / "nowhere", empty / "answers.jsonl"); });
  expect_error("no tasks", ErrorCode::kNotFound, {empty.path().string()},
               [&] { score_mvbench(empty.path(), empty / "answers.jsonl"); });
  expect_error("no answers", ErrorCode::kNotFound, {"nowhere.jsonl"},
               [&] { score_mvbench(folder(), empty / "nowhere.jsonl"); });
  for (const OptionRule rule : {OptionRule::kVideoMme, OptionRule::kLmmsVideoMme}) {
    expect_error("another benchmark's rule", ErrorCode::kInvalidArgument, {name_of(kOptionRules, rule)},
                 [&] { score_mvbench(folder(), empty / "answers.jsonl", rule); });
  }
}

GVL_TEST(damaged_files) {
  Random random;
  for (int round = 0; round < 400; ++round) {
    Files damaged;
    const bool is_answers = round % 2 == 1;
    std::string& text = is_answers ? damaged.answers : damaged.questions;
    text = mutate(text, random);
    // What is still read may ask for other questions than the answers are of.
    io::test::loads_or_throws(damaged.folder.path().string(), [&] { damaged.score(OptionRule::kTimeChat); });
  }
}
