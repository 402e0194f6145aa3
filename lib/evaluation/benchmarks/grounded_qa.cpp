/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/grounded_qa.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "evaluation/benchmarks/option_parsing.hpp"
#include "gvl/error.hpp"
#include "io/json.hpp"
#include "io/mapped_file.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

/** A type of question, its group (causal, temporal, descriptive) and its name in the script's output. */
struct TypeName {
  std::string_view type;
  char group;
  const char* name;
};

constexpr std::array<TypeName, 7> kTypes{{{"CW", 'C', "Why"},
                                          {"CH", 'C', "How"},
                                          {"TN", 'T', "Bef&Aft"},
                                          {"TC", 'T', "When"},
                                          {"DC", 'D', "Cnt"},
                                          {"DL", 'D', "Loc"},
                                          {"DO", 'D', "Other"}}};

constexpr std::array<std::pair<char, const char*>, 3> kGroups{{{'C', "Acc_C"}, {'T', "Acc_T"}, {'D', "Acc_D"}}};

Error at_line(const fs::path& file, std::size_t line, const std::string& what) {
  return Error(ErrorCode::kMalformed, file.string() + ": line " + std::to_string(line) + ": " + what);
}

/** The records of a text by RFC 4180, one in memory at a time. */
class CsvRecords {
 public:
  CsvRecords(const fs::path& file, std::string_view text) : file_(file), rest_(text) {}

  /** The next record that is no empty line; false at the end. */
  bool next(std::vector<std::string>& cells) {
    while (skip_line_break()) ++next_line_;
    if (rest_.empty()) return false;
    line_ = next_line_;
    cells.clear();
    do {
      cells.push_back(is_quoted() ? quoted_cell() : bare_cell());
    } while (skip(','));
    if (!rest_.empty() && !skip_line_break()) throw at_line(file_, line_, "has text behind a quoted cell");
    ++next_line_;
    return true;
  }

  /** Where the record began, from 1. */
  std::size_t line() const noexcept { return line_; }

 private:
  bool is_quoted() const { return rest_.starts_with('"'); }

  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool skip_line_break() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    return skip('\n');
  }

  std::string bare_cell() {
    std::string_view cell = rest_.substr(0, rest_.find_first_of(",\n"));
    rest_.remove_prefix(cell.size());
    if (cell.ends_with('\r') && rest_.starts_with('\n')) cell.remove_suffix(1);
    if (cell.find('"') != cell.npos) throw at_line(file_, line_, "has a quote in a cell that is not quoted");
    return std::string(cell);
  }

  std::string quoted_cell() {
    std::string cell;
    skip('"');
    while (true) {
      const std::size_t quote = rest_.find('"');
      if (quote == rest_.npos) throw at_line(file_, line_, "has a quote that is never closed");
      const std::string_view part = rest_.substr(0, quote);
      next_line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
      cell += part;
      rest_.remove_prefix(quote + 1);
      if (!skip('"')) return cell;
      cell += '"';
    }
  }

  const fs::path& file_;
  std::string_view rest_;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
};

std::size_t column_of(const std::vector<std::string>& header, const std::string& name, const fs::path& file) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) throw at_line(file, 1, "has no column " + io::quote(name));
  if (std::find(found + 1, header.end(), name) != header.end()) {
    throw at_line(file, 1, "has two columns " + io::quote(name));
  }
  return static_cast<std::size_t>(found - header.begin());
}

/** What a question of the table has besides, by the columns' numbers. */
class QuestionText {
 public:
  explicit QuestionText(const std::vector<std::string>& header) : header_(header) {}

  void read(const std::vector<std::string>& cells, QuestionType& question) const {
    question.question = cell(cells, "question").value_or("");
    question.answer = cell(cells, "answer").value_or("");
    for (int i = 0; const auto option = cell(cells, "a" + std::to_string(i)); ++i) question.options.push_back(*option);
  }

 private:
  std::optional<std::string> cell(const std::vector<std::string>& cells, const std::string& name) const {
    const auto found = std::find(header_.begin(), header_.end(), name);
    if (found == header_.end()) return std::nullopt;
    return cells[static_cast<std::size_t>(found - header_.begin())];
  }

  const std::vector<std::string>& header_;
};

void check_members(const io::JsonValue& object) {
  if (const auto twice = object.repeated_member()) throw object.error("has " + io::quote(*twice) + " twice");
}

Interval read_interval(const io::JsonValue& pair) {
  if (pair.size() != 2) throw pair.error("must be a start and an end");
  return {pair.at(0).as_number(), pair.at(1).as_number()};
}

Interval read_segment(const io::JsonValue& pair) {
  const Interval segment = read_interval(pair);
  if (segment.stop < segment.start) throw pair.error("must not end before it begins");
  return segment;
}

std::vector<Interval> read_segments(const io::JsonValue& list) {
  std::vector<Interval> segments;
  for (const io::JsonValue& pair : list.elements()) segments.push_back(read_segment(pair));
  if (segments.empty()) throw list.error("holds no segment");
  return segments;
}

/** A value of which Python's == is known here. */
void check_comparable(const io::JsonValue& value) {
  if (value.is_array() || value.is_object()) throw value.error("must be a number, a text, a boolean or null");
}

double number_of(const io::JsonValue& value) { return value.is_bool() ? value.as_bool() : value.as_number(); }

/** Python's ==. */
bool is_equal(const io::JsonValue& a, const io::JsonValue& b) {
  check_comparable(a);
  check_comparable(b);
  if (a.is_integer() && b.is_integer()) return a.as_integer() == b.as_integer();
  const auto is_numeric = [](const io::JsonValue& value) { return value.is_number() || value.is_bool(); };
  if (is_numeric(a) && is_numeric(b)) return number_of(a) == number_of(b);
  if (a.is_string() && b.is_string()) return a.as_string() == b.as_string();
  return a.is_null() && b.is_null();
}

/** Also a member that is null. */
io::JsonValue member(const io::JsonValue& object, const std::string& name) {
  for (const auto& [known, value] : object.members()) {
    if (known == name) return value;
  }
  throw object.error("has no member " + io::quote(name));
}

// As numpy rounds to one decimal, halves to the even one.
double rounded(double seconds) { return std::nearbyint(seconds * 10) / 10; }

Interval in_seconds(const Interval& span, double duration, SpanUnit unit) {
  if (unit == SpanUnit::kSeconds) return span;
  return {rounded(span.start * duration), rounded(span.stop * duration)};
}

bool answer_of(const GroundedAnswers& answers, const std::string& key) {
  const auto found = answers.is_right.find(key);
  if (found != answers.is_right.end()) return found->second;
  throw Error(ErrorCode::kMalformed, answers.file + ": does not answer " + io::quote(key));
}

/** The type's place in kTypes, its size for an unknown one. */
std::size_t type_index(std::string_view type) {
  const std::string_view name = type == "TP" ? "TN" : type;
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeName& t) { return t.type == name; });
  return static_cast<std::size_t>(found - kTypes.begin());
}

void add_answer_scores(const AnswerAccuracy& accuracy, ScoreReport& report) {
  report.scores.push_back({"Acc@QA", accuracy.overall});
  for (const Score& kind : accuracy.kinds) report.scores.push_back({"Acc@QA, " + kind.name, kind.value});
  report.notes.push_back("Acc@QA is of " + std::to_string(accuracy.questions) + " questions on " +
                         std::to_string(accuracy.videos) + " videos.");
}

}  // namespace

SpanOverlap span_overlap(const Interval& segment, const Interval& span) noexcept {
  if (span.start == span.stop) return {0, segment.start <= span.start && span.start <= segment.stop ? 1.0 : 0.0};
  const double hull = std::max(segment.stop, span.stop) - std::min(segment.start, span.start);
  const double shared = std::min(segment.stop, span.stop) - std::max(segment.start, span.start);
  return {hull > 0 ? shared / hull : 0, span.stop > span.start ? shared / (span.stop - span.start) : 0};
}

SpanOverlap best_span_overlap(const std::vector<Interval>& segments, const Interval& span) noexcept {
  SpanOverlap best;
  for (const Interval& segment : segments) {
    const SpanOverlap overlap = span_overlap(segment, span);
    if (overlap.iou > best.iou) best.iou = overlap.iou;
    if (overlap.iop > best.iop) best.iop = overlap.iop;
  }
  return best;
}

std::vector<GroundedQuestion> read_grounded_questions(const fs::path& file) {
  const io::JsonValue videos = io::JsonValue::load(file);
  check_members(videos);
  std::vector<GroundedQuestion> questions;
  for (const auto& [video, about] : videos.members()) {
    const double duration = about.number("duration");
    if (duration <= 0) throw about.at("duration").error("must be above 0");
    const io::JsonValue location = about.object("location");
    check_members(location);
    for (const auto& [question, segments] : location.members()) {
      questions.push_back({video + "_" + question, duration, read_segments(segments)});
    }
  }
  if (questions.empty()) throw videos.error("holds no question");
  return questions;
}

std::vector<QuestionType> read_question_types(const fs::path& file) {
  constexpr std::size_t kLargest = std::size_t{64} << 20;
  const auto mapped = io::MappedFile::open(file, io::MappedFile::Access::kSequential);
  if (mapped->size() > kLargest) throw Error(ErrorCode::kUnsupported, file.string() + ": is larger than 64 MiB");
  CsvRecords records(file, mapped->text());
  std::vector<std::string> cells;
  if (!records.next(cells)) throw at_line(file, 1, "is no header");
  const std::vector<std::string> header = cells;
  const std::size_t video = column_of(header, "video_id", file);
  const std::size_t qid = column_of(header, "qid", file), type = column_of(header, "type", file);
  std::vector<QuestionType> questions;
  std::set<std::string> known;
  while (records.next(cells)) {
    if (cells.size() != header.size()) {
      throw at_line(file, records.line(),
                    "has " + std::to_string(cells.size()) + " cells, the header has " + std::to_string(header.size()));
    }
    const std::string key = cells[video] + "_" + cells[qid];
    if (!known.insert(key).second) throw at_line(file, records.line(), "has " + io::quote(key) + " a second time");
    if (type_index(cells[type]) == kTypes.size()) {
      throw at_line(file, records.line(), io::quote(key) + " is of an unknown type " + io::quote(cells[type]));
    }
    questions.push_back({cells[video], key, cells[type]});
    QuestionText(header).read(cells, questions.back());
  }
  return questions;
}

GroundedSpans read_spans(const fs::path& file) {
  const io::JsonValue all = io::JsonValue::load(file);
  check_members(all);
  GroundedSpans spans{file.string(), {}};
  for (const auto& [key, span] : all.members()) spans.by_key.emplace(key, read_interval(span));
  return spans;
}

GroundedAnswers read_answers(const fs::path& file) {
  const io::JsonValue all = io::JsonValue::load(file);
  check_members(all);
  GroundedAnswers answers{file.string(), {}};
  for (const auto& [key, value] : all.members()) {
    check_members(value);
    answers.is_right.emplace(key, is_equal(member(value, "answer"), member(value, "prediction")));
  }
  return answers;
}

GroundingAccuracy grounding_accuracy(const std::vector<GroundedQuestion>& questions, const GroundedSpans& spans,
                                     const GroundedAnswers* answers, SpanUnit unit) {
  GroundingAccuracy sum;
  for (const GroundedQuestion& question : questions) {
    const auto span = spans.by_key.find(question.key);
    if (span == spans.by_key.end()) {
      ++sum.unspanned;
      continue;
    }
    ++sum.counted;
    const SpanOverlap best = best_span_overlap(question.segments, in_seconds(span->second, question.duration, unit));
    sum.mean_iou += best.iou;
    sum.mean_iop += best.iop;
    sum.iop_at_03 += best.iop >= 0.3;
    sum.iop_at_05 += best.iop >= 0.5;
    sum.iou_at_03 += best.iou >= 0.3;
    sum.iou_at_05 += best.iou >= 0.5;
    if (answers && best.iop >= 0.5) sum.acc_gqa += answer_of(*answers, question.key);
  }
  if (sum.counted == 0) {
    throw Error(ErrorCode::kMalformed, spans.file + ": has no span of a question of the annotations");
  }
  for (double* value :
       {&sum.acc_gqa, &sum.mean_iop, &sum.iop_at_03, &sum.iop_at_05, &sum.mean_iou, &sum.iou_at_03, &sum.iou_at_05}) {
    *value = *value / static_cast<double>(sum.counted) * 100;
  }
  return sum;
}

AnswerAccuracy answer_accuracy(const std::vector<QuestionType>& types, const std::vector<GroundedQuestion>& questions,
                               const GroundedAnswers& answers) {
  std::set<std::string_view> grounded, videos;
  for (const GroundedQuestion& question : questions) grounded.insert(question.key);
  std::array<OptionTally, kTypes.size()> tallies;
  OptionTally all;
  for (const QuestionType& question : types) {
    if (!grounded.contains(question.key)) continue;
    videos.insert(question.video);
    const bool is_right = answer_of(answers, question.key);
    tallies[type_index(question.type)].add(is_right);
    all.add(is_right);
  }
  if (all.counted == 0) {
    throw Error(ErrorCode::kMalformed, answers.file + ": answers nothing: no line of the table is a grounded question");
  }
  AnswerAccuracy accuracy{videos.size(), static_cast<std::size_t>(all.counted), {}, all.percent()};
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (tallies[i].counted > 0) accuracy.kinds.push_back({kTypes[i].name, tallies[i].percent()});
  }
  for (const auto& [group, name] : kGroups) {
    OptionTally tally;
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      if (kTypes[i].group == group) tally.add(tallies[i]);
    }
    if (tally.counted > 0) accuracy.kinds.push_back({name, tally.percent()});
  }
  return accuracy;
}

ScoreReport score_grounded_qa(const fs::path& annotations, const GroundedQaPredictions& predictions,
                              const GroundedQaOptions& options) {
  const auto questions = read_grounded_questions(annotations / ("gsub_" + options.split + ".json"));
  const auto spans = read_spans(predictions.spans);
  std::optional<GroundedAnswers> answers;
  if (predictions.answers) answers = read_answers(*predictions.answers);
  const GroundingAccuracy found = grounding_accuracy(questions, spans, answers ? &*answers : nullptr, options.unit);
  ScoreReport report{"next-gqa", name_of(kSpanUnits, options.unit), static_cast<std::int64_t>(found.counted), {}, {}};
  report.scores = {{"Acc@GQA", found.acc_gqa},   {"mIoP", found.mean_iop}, {"IoP@0.3", found.iop_at_03},
                   {"IoP@0.5", found.iop_at_05}, {"mIoU", found.mean_iou}, {"IoU@0.3", found.iou_at_03},
                   {"IoU@0.5", found.iou_at_05}};
  if (found.unspanned > 0) {
    report.notes.push_back(std::to_string(found.unspanned) + " questions without a span are not counted.");
  }
  if (!answers) return report;
  const auto types = read_question_types(annotations / (options.split + ".csv"));
  add_answer_scores(answer_accuracy(types, questions, *answers), report);
  return report;
}

}  // namespace gvl::evaluation
