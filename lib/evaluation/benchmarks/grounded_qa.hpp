/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation/grounding.hpp"

namespace gvl::evaluation {

/** A question of NExT-GQA and where in its video the answer is seen. */
struct GroundedQuestion {
  std::string key;                 ///< "VIDEO_QUESTION", as predictions name it
  double duration = 0;             ///< of the video, in seconds
  std::vector<Interval> segments;  ///< at least one, in seconds
};

/** A line of the benchmark's test.csv or val.csv. */
struct QuestionType {
  std::string video;
  std::string key;                     ///< as in GroundedQuestion
  std::string type;                    ///< "CW", "CH", "TP", "TN", "TC", "DC", "DL" or "DO"
  std::string question{};              ///< empty where the file has no column "question"
  std::vector<std::string> options{};  ///< of the columns "a0", "a1", ... that there are
  std::string answer{};                ///< the right option's text, of the column "answer"
};

/** In what the predicted spans are. */
enum class SpanUnit {
  kSeconds,    ///< seconds
  kFractions,  ///< fractions of the video's duration: eval_ground.py's gs=True, which rounds the times to 0.1 s
};

inline constexpr NameTable<SpanUnit, 2> kSpanUnits{
    {{SpanUnit::kSeconds, "seconds"}, {SpanUnit::kFractions, "fractions"}}};

/** How much of a segment a span covers. */
struct SpanOverlap {
  double iou = 0;  ///< intersection / hull of both; negative where there is a gap between them
  double iop = 0;  ///< intersection / length of the span; negative likewise
};

/**
 * Both ratios by get_tIoU of NExT-GQA's code/TempGQA/eval_ground.py. Where a span is a point, IoU is 0, and IoP is 1 in
 * the segment, its ends included, else 0. A reversed span has an IoP of 0. Nothing is clipped to the video.
 */
SpanOverlap span_overlap(const Interval& segment, const Interval& span) noexcept;

/** The largest IoU and the largest IoP of any segment, each by itself, and 0 where they are negative (eval_ground). */
SpanOverlap best_span_overlap(const std::vector<Interval>& segments, const Interval& span) noexcept;

/**
 * Reads gsub_test.json or gsub_val.json, {VIDEO: {"duration", "location": {QUESTION: [[start, end], ...]}}}, in its
 * order. Segments may end after the video, as three of the validation set do, and begin before 0, as 36 of the test
 * set do. Throws Error(kMalformed) naming file and question for a duration that is not above 0, a segment that is
 * reversed or not two numbers, a question without segments, a video or question that is there twice; also what
 * JsonValue::load() throws.
 */
std::vector<GroundedQuestion> read_grounded_questions(const std::filesystem::path& file);

/**
 * Reads test.csv or val.csv by RFC 4180: a header, and lines of as many cells, of which "video_id", "qid" and "type"
 * are used, and "question", "answer", "a0", "a1", ... where they are there; line breaks may be CRLF or LF, and a cell
 * that has commas, quotes or line breaks is quoted. Throws Error(kMalformed) naming file and line for broken quotes,
 * another number of cells, a missing or repeated column, a question that is there twice and a type that there is not
 * (eval_next.py raises KeyError if it is a grounded question's), Error(kUnsupported) for a file above 64 MiB; also what
 * MappedFile::open() throws.
 */
std::vector<QuestionType> read_question_types(const std::filesystem::path& file);

/** Predicted spans, by the questions' keys. */
struct GroundedSpans {
  std::string file;  ///< where they are from
  std::map<std::string, Interval> by_key;
};

/** Whether questions were answered rightly, by their keys. */
struct GroundedAnswers {
  std::string file;  ///< where they are from
  std::map<std::string, bool> is_right;
};

/**
 * Reads {KEY: [start, end]}: two finite numbers, also negative, reversed or beyond the video, as the script scores
 * these. Throws Error(kMalformed) naming file and key where it is something else or there twice; also what
 * JsonValue::load() throws.
 */
GroundedSpans read_spans(const std::filesystem::path& file);

/**
 * Reads {KEY: {"answer": ..., "prediction": ...}}: numbers, texts, booleans or null, which are compared as Python does:
 * 1 is 1.0 and true, but not "1". Throws as read_spans() does.
 */
GroundedAnswers read_answers(const std::filesystem::path& file);

/** Spans against segments, in percent. */
struct GroundingAccuracy {
  std::size_t counted = 0;    ///< questions with a span
  std::size_t unspanned = 0;  ///< questions without one, which do not count
  double acc_gqa = 0;         ///< of counted questions, those with IoP >= 0.5 and the right answer
  double mean_iop = 0;
  double iop_at_03 = 0;  ///< counted questions with IoP >= 0.3
  double iop_at_05 = 0;
  double mean_iou = 0;
  double iou_at_03 = 0;
  double iou_at_05 = 0;
};

/**
 * What eval_ground of code/TempGQA/eval_ground.py prints. Spans of no question are ignored. Without answers Acc@GQA is
 * 0. Throws Error(kMalformed) naming the file where the script raises: no question has a span (ZeroDivisionError), or
 * one whose span has an IoP of 0.5 or more has no answer (KeyError).
 */
GroundingAccuracy grounding_accuracy(const std::vector<GroundedQuestion>& questions, const GroundedSpans& spans,
                                     const GroundedAnswers* answers, SpanUnit unit = SpanUnit::kSeconds);

/** Answers alone, in percent. */
struct AnswerAccuracy {
  std::size_t videos = 0;
  std::size_t questions = 0;
  std::vector<Score>
      kinds;  ///< "Why", "How", "Bef&Aft", "When", "Cnt", "Loc", "Other", "Acc_C", "Acc_T", "Acc_D", if any
  double overall = 0;
};

/**
 * What eval_ground of code/TempGQA/eval_next.py prints: over the lines of the table that are grounded questions. What
 * happens before (TP) counts as what happens after (TN). Throws Error(kMalformed) naming the answers' file where the
 * script raises: a question has no answer (KeyError), or no line is a grounded question (ZeroDivisionError).
 */
AnswerAccuracy answer_accuracy(const std::vector<QuestionType>& types, const std::vector<GroundedQuestion>& questions,
                               const GroundedAnswers& answers);

/** Files of predictions. */
struct GroundedQaPredictions {
  std::filesystem::path spans;                   ///< as test_ground.json
  std::optional<std::filesystem::path> answers;  ///< as test-res.json; without, there is no Acc@QA, and Acc@GQA is 0
};

/** What is scored, and how. */
struct GroundedQaOptions {
  std::string split = "test";  ///< or "val": gsub_SPLIT.json and SPLIT.csv
  SpanUnit unit = SpanUnit::kSeconds;
};

/**
 * NExT-GQA's scores in percent, as eval_ground.py and eval_next.py compute them: "Acc@GQA", "mIoP", "IoP@0.3",
 * "IoP@0.5", "mIoU", "IoU@0.3", "IoU@0.5", and with answers "Acc@QA" and "Acc@QA, Why" and so on for each type.
 * `counted` is of questions with a span, which the first seven are of: the script leaves out all others, and a note
 * says how many. The folder `annotations` has the files of the split; SPLIT.csv is read only where there are answers.
 * Throws what the functions above throw, naming file and question.
 */
ScoreReport score_grounded_qa(const std::filesystem::path& annotations, const GroundedQaPredictions& predictions,
                              const GroundedQaOptions& options = {});

}  // namespace gvl::evaluation
