/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/grounded_qa.hpp"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "benchmark_test.hpp"
#include "evaluation/format.hpp"

using namespace gvl::evaluation;
using namespace gvl::evaluation::test;
using gvl::Error;
using gvl::ErrorCode;

namespace {

namespace fs = std::filesystem;

fs::path data() { return fixture("metrics/nextgqa"); }
JsonValue expected() { return JsonValue::load(data() / "expected.json"); }

std::vector<std::string> words_in(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

const std::vector<std::string> kColumns{"Acc@GQA", "mIoP", "IoP@0.3", "IoP@0.5", "mIoU", "IoU@0.3", "IoU@0.5"};

/** Compares a printed table of eval_ground.py; `decimals` as printed, -1 for all. */
void expect_grounding(const JsonValue& output, const ScoreReport& report, int decimals = -1) {
  ck_assert_uint_eq(output.size(), 2);
  const auto values = words_in(output.at(1).as_string());
  ck_assert_uint_eq(words_in(output.at(0).as_string()).size(), kColumns.size());
  ck_assert_uint_eq(values.size(), kColumns.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (decimals < 0) {
      expect_score(report, kColumns[i], std::stod(values[i]));
    } else {
      expect_text(number(score_of(report, kColumns[i]), decimals), values[i]);
    }
  }
}

/** Compares what eval_next.py prints. */
void expect_answers(const JsonValue& output, const AnswerAccuracy& found, int decimals = -1) {
  ck_assert_uint_eq(output.size(), 4);
  expect_text("Video: " + std::to_string(found.videos) + "  Questions: " + std::to_string(found.questions),
              output.at(0).as_string());
  const auto names = words_in(output.at(1).as_string()), values = words_in(output.at(2).as_string());
  ck_assert_uint_eq(names.size(), found.kinds.size());
  ck_assert_uint_eq(values.size(), found.kinds.size());
  const std::string overall = words_in(output.at(3).as_string()).at(1);
  for (std::size_t i = 0; i <= values.size(); ++i) {
    const double value = i < values.size() ? found.kinds[i].value : found.overall;
    const std::string& printed = i < values.size() ? values[i] : overall;
    if (i < values.size()) expect_text(found.kinds[i].name, names[i]);
    if (decimals < 0) {
      expect_relative(printed, value, std::stod(printed));
    } else {
      expect_text(number(value, decimals), printed);
    }
  }
}

ScoreReport score(const std::string& spans, bool with_answers, SpanUnit unit = SpanUnit::kSeconds) {
  GroundedQaPredictions predictions{data() / spans, std::nullopt};
  if (with_answers) predictions.answers = data() / "test-res.json";
  return score_grounded_qa(data(), predictions, {.split = "test", .unit = unit});
}

/** A small split whose files a case may replace. */
struct Files {
  TemporaryFolder folder;
  std::string segments = R"({"7": {"duration": 10, "location": {"0": [[1, 3]], "1": [[4, 6], [8, 9]]}, "fps": 25}})";
  std::string table = "video_id,question,qid,type\n7,\"why, then\",0,CW\n7,when,1,TP\n8,how,0,CH\n";
  std::string spans = R"({"7_0": [1, 3], "7_1": [5, 6]})";
  std::string answers = R"({"7_0": {"answer": 1, "prediction": 1}, "7_1": {"answer": 1, "prediction": 2}})";

  ScoreReport score() const {
    write_file(folder / "gsub_val.json", segments);
    write_file(folder / "val.csv", table);
    write_file(folder / "val_ground.json", spans);
    write_file(folder / "val-res.json", answers);
    return score_grounded_qa(folder.path(), {folder / "val_ground.json", folder / "val-res.json"}, {.split = "val"});
  }

  void expect_bad(const std::string& file, const std::vector<std::string>& parts) const {
    expect_malformed(file, parts, [&] { score(); });
  }
};

void expect_bad_segments(const std::string& segments, const std::vector<std::string>& parts = {}) {
  Files files;
  files.segments = segments;
  files.expect_bad("gsub_val.json", parts);
}

void expect_bad_table(const std::string& table, const std::vector<std::string>& parts = {}) {
  Files files;
  files.table = table;
  files.expect_bad("val.csv", parts);
}

void expect_bad_spans(const std::string& spans, const std::vector<std::string>& parts = {}) {
  Files files;
  files.spans = spans;
  files.expect_bad("val_ground.json", parts);
}

void expect_bad_answers(const std::string& answers, const std::vector<std::string>& parts = {}) {
  Files files;
  files.answers = answers;
  files.expect_bad("val-res.json", parts);
}

std::string one_video(const std::string& members) { return "{\"7\": {" + members + "}}"; }

}  // namespace

GVL_TEST(names) { expect_names(kSpanUnits); }

GVL_TEST(published_grounding) {
  const ScoreReport report = score("test_ground.json", true);
  expect_grounding(expected().array("eval_ground"), report, 1);
  expect_grounding(expected().array("eval_ground_full_precision"), report);
  const ScoreReport without = score("test_ground.json", false);
  expect_grounding(expected().array("eval_ground_no_qa"), without);
  ck_assert_uint_eq(without.scores.size(), kColumns.size());
  expect_grounding(expected().array("eval_ground_gs (spans as fractions of the duration, rounded to 0.1 s)"),
                   score("test_ground_gs.json", true, SpanUnit::kFractions));
  ck_assert_int_eq(report.counted, 53);
  // One question has no span.
  ck_assert_uint_eq(report.notes.size(), 2);
}

GVL_TEST(published_answers) {
  const auto questions = read_grounded_questions(data() / "gsub_test.json");
  const auto types = read_question_types(data() / "test.csv");
  GroundedAnswers answers = read_answers(data() / "test-res.json");
  const AnswerAccuracy found = answer_accuracy(types, questions, answers);
  expect_answers(expected().array("eval_next.eval_ground (Acc@QA on the grounded subset)"), found, 2);
  expect_answers(expected().array("eval_next full precision"), found);
  const ScoreReport report = score("test_ground.json", true);
  ck_assert_uint_eq(report.scores.size(), kColumns.size() + 1 + found.kinds.size());
  expect_score(report, "Acc@QA", found.overall);
  for (const Score& kind : found.kinds) expect_score(report, "Acc@QA, " + kind.name, kind.value);
  // KeyError('8000000001_0'), after the first line is printed.
  const JsonValue missing = expected().object("eval_next with one answer missing");
  expect_text(missing.array("stdout").at(0).as_string(),
              expected().array("eval_next full precision").at(0).as_string());
  expect_text(missing.string("exception"), "KeyError('8000000001_0')");
  ck_assert_uint_eq(answers.is_right.erase("8000000001_0"), 1);
  expect_error("missing", ErrorCode::kMalformed, {"test-res.json", "'8000000001_0'"},
               [&] { answer_accuracy(types, questions, answers); });
}

GVL_TEST(published_questions) {
  std::map<std::string, GroundedQuestion> questions;
  for (const GroundedQuestion& one : read_grounded_questions(data() / "gsub_test.json")) questions[one.key] = one;
  const GroundedSpans spans = read_spans(data() / "test_ground.json");
  const GroundedAnswers answers = read_answers(data() / "test-res.json");
  int compared = 0;
  for (const auto& [key, values] : expected().object("per_question").members()) {
    const Interval span = spans.by_key.at(key);
    const auto raw = values.array("raw (IoU, IoP) per segment").elements();
    ck_assert_uint_eq(raw.size(), questions.at(key).segments.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const SpanOverlap found = span_overlap(questions.at(key).segments[i], span);
      expect_number(raw[i].at(0), found.iou);
      expect_number(raw[i].at(1), found.iop);
    }
    const SpanOverlap best = best_span_overlap(questions.at(key).segments, span);
    expect_number(values.at("max_IoU"), best.iou);
    expect_number(values.at("max_IoP"), best.iop);
    ck_assert_msg(answers.is_right.at(key) == values.boolean("qa_correct"), "%s", values.path().c_str());
    ck_assert_uint_eq(values.size(), 4);
    ++compared;
  }
  ck_assert_int_eq(compared, 53);
  ck_assert_uint_eq(questions.size(), 54);
}

// Every table of the published results is looked at by one of the tests above.
GVL_TEST(published_tables) { ck_assert_uint_eq(expected().size(), 10); }

GVL_TEST(tables) {
  Files files;
  files.table = "a,type,video_id,qid\r\n\r\n\"x \"\"y\"\"\r\n,z\",CW,7,0\r\n,\"TN\",7,\"1\"";
  ck_assert_uint_eq(files.score().scores.size(), 7 + 1 + 4);
  const auto types = read_question_types(files.folder / "val.csv");
  ck_assert_uint_eq(types.size(), 2);
  expect_text(types[1].key, "7_1");
  expect_text(types[1].type, "TN");
  expect_text(types[0].video, "7");
}

GVL_TEST(comparisons) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", R"({"a": {"answer": 1, "prediction": true}, "b": {"answer": 1, "prediction": "1"},
    "c": {"answer": null, "prediction": null}, "d": {"answer": 9007199254740993, "prediction": 9007199254740992},
    "e": {"answer": "1", "prediction": "1"}, "f": {"answer": null, "prediction": 0}, "g": {"answer": 0.5, "prediction": 5e-1}})");
  std::string right;
  for (const auto& [key, is_right] : read_answers(folder / "a.json").is_right) right += is_right ? key : "-";
  expect_text(right, "a-c-e-g");
}

GVL_TEST(spans) {
  // Beyond the video, before it, reversed, enormous: the script scores them all.
  for (const char* span : {"[-5, 50]", "[3, 1]", "[-1e308, 1e308]", "[1e308, -1e308]", "[1e308, 1e308]"}) {
    Files files;
    files.spans = std::string("{\"7_0\": ") + span + "}";
    const ScoreReport report = files.score();
    ck_assert_msg(std::isfinite(score_of(report, "mIoU")) && score_of(report, "mIoU") >= 0, "%s", span);
    ck_assert_msg(score_of(report, "mIoP") < 5, "%s", span);
    ck_assert_int_eq(report.counted, 1);
    gvl::evaluation::GroundedQaPredictions predictions{files.folder / "val_ground.json", std::nullopt};
    const ScoreReport fractions =
        score_grounded_qa(files.folder.path(), predictions, {.split = "val", .unit = SpanUnit::kFractions});
    ck_assert_msg(std::isfinite(score_of(fractions, "mIoU")) && std::isfinite(score_of(fractions, "mIoP")), "%s", span);
  }
  // 36 segments of the published test set begin before 0.
  Files early;
  early.segments = R"({"7": {"duration": 10, "location": {"0": [[-0.1, 3]]}}})";
  early.spans = R"({"7_0": [0, 3]})";
  early.table = "video_id,qid,type\n7,0,CW\n";
  expect_score(early.score(), "mIoU", 100 * 3 / 3.1);
  // An answer is only asked for where the span is right.
  Files files;
  files.spans = R"({"7_0": [9, 10]})";
  files.table = "video_id,qid,type\n7,0,CW\n";
  files.score();
}

GVL_TEST(hostile_segments) {
  expect_bad_segments("");
  expect_bad_segments("[]");
  expect_bad_segments("{}", {"no question"});
  expect_bad_segments("{\"7\": 3}", {"7"});
  expect_bad_segments(one_video(R"("location": {"0": [[1, 2]]})"), {"7", "duration"});
  expect_bad_segments(one_video(R"("duration": 10)"), {"7", "location"});
  for (const char* duration : {"0", "-3", "\"10\"", "1e999"}) {
    expect_bad_segments(one_video(std::string("\"duration\": ") + duration + R"(, "location": {"0": [[1, 2]]})"),
                        {"7.duration"});
  }
  for (const char* segments : {"{}", "[]", "[3]", "[[1]]", "[[1, 2, 3]]", "[[2, 1]]", "[[-1, -2]]", "[[1, \"2\"]]",
                               "[[1, null]]", "[[1, 1e999]]"}) {
    expect_bad_segments(one_video(std::string("\"duration\": 10, \"location\": {\"0\": ") + segments + "}"),
                        {"7.location.0"});
  }
  expect_bad_segments(one_video(R"("duration": 10, "location": {"0": [[1, NaN]]})"));
  expect_bad_segments(one_video(R"("duration": 10, "location": {"0": [[1, 2]], "0": [[1, 2]]})"), {"'0' twice"});
}

GVL_TEST(hostile_tables) {
  const std::string header = "video_id,qid,type\n";
  expect_bad_table("\n\n", {"header"});
  expect_bad_table("video_id,qid\n7,0\n", {"line 1", "'type'"});
  expect_bad_table("video_id,qid,type,qid\n7,0,CW,0\n", {"line 1", "two columns 'qid'"});
  expect_bad_table(header + "7,0\n", {"line 2", "2 cells"});
  expect_bad_table(header + "7,0,CW,x\n", {"line 2", "4 cells"});
  expect_bad_table(header + "7,0,CW\n7,0,CW\n", {"line 3", "'7_0' a second time"});
  expect_bad_table(header + "7,0,XX\n", {"line 2", "'XX'"});
  expect_bad_table(header + "7,0,\n", {"line 2", "type"});
  expect_bad_table(header + "7,0,\"CW\n7,1,TP\n", {"line 2", "never closed"});
  expect_bad_table(header + "7,0,C\"W\n", {"line 2", "quote"});
  expect_bad_table(header + "7,\"0\"0,CW\n", {"line 2", "behind"});
  expect_bad_table(header + "\"7\n\",0,CW\n7,1\n", {"line 4", "2 cells"});
}

GVL_TEST(hostile_predictions) {
  expect_bad_spans("");
  expect_bad_spans("[]");
  expect_bad_spans("{\"7_9\": [1, 2]}", {"no span"});
  expect_bad_spans("{\"7_0\": [1, 2], \"7_0\": [1, 2]}", {"'7_0' twice"});
  for (const char* span : {"3", "[]", "[1]", "[1, 2, 3]", "[1, \"2\"]", "[1, null]", "[1, 1e999]", "{}"}) {
    expect_bad_spans(std::string("{\"7_0\": ") + span + "}", {"7_0"});
  }
  expect_bad_spans("{\"7_0\": [1, NaN]}");
  expect_bad_answers("[]");
  expect_bad_answers("{\"7_0\": 1}", {"7_0"});
  expect_bad_answers("{\"7_0\": {\"answer\": 1}}", {"7_0", "'prediction'"});
  expect_bad_answers("{\"7_0\": {\"answer\": [1], \"prediction\": [1]}}", {"7_0.answer"});
  expect_bad_answers("{\"7_0\": {\"answer\": 1e999, \"prediction\": 1}}", {"7_0.answer"});
  expect_bad_answers("{\"7_0\": {\"answer\": 1, \"answer\": 2, \"prediction\": 1}}", {"7_0", "'answer' twice"});
  // eval_ground.py asks for an answer where IoP is at least 0.5, eval_next.py for each question of the table.
  expect_bad_answers("{}", {"'7_0'"});
  Files files;
  files.spans = R"({"7_0": [9, 10]})";
  files.answers = "{}";
  files.expect_bad("val-res.json", {"'7_0'"});
  files.table = "video_id,qid,type\n9,0,CW\n";
  files.expect_bad("val-res.json", {"no line of the table"});
  expect_error("no folder", ErrorCode::kNotFound, {"nowhere"}, [] {
    score_grounded_qa("nowhere", {"spans.json", std::nullopt});
  });
}

GVL_TEST(damaged_files) {
  gvl::test::Random random;
  for (int round = 0; round < 800; ++round) {
    Files files;
    const std::vector<std::string*> texts{&files.segments, &files.table, &files.spans, &files.answers};
    std::string& text = *texts[static_cast<std::size_t>(round % 4)];
    text = mutate(text, random);
    loads_or_throws(files.folder.path().string(), [&] { files.score(); });
  }
}
