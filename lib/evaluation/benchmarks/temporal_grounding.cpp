/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/temporal_grounding.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>
#include <unordered_map>

#include "evaluation/benchmarks/answer_windows.hpp"
#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "io/mapped_file.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr double kLongest = 1e9;  // seconds; no video has 30 years
constexpr std::string_view kSpace = " \t\r\n\f\v";

/** What a scorer does about a query that nobody answered. */
enum class Unanswered { kRefused, kMissed, kLeftOut };

struct Scorer {
  GroundingRules rules;
  IouRule iou;
  std::optional<AnswerRule> reading;
  Unanswered unanswered;
};

constexpr std::array<Scorer, 8> kScorers{
    {{GroundingRules::kTimeChat, IouRule::kTimeChat, AnswerRule::kTimeChat, Unanswered::kRefused},
     {GroundingRules::kTall, IouRule::kTall, std::nullopt, Unanswered::kRefused},
     {GroundingRules::kEtBench, IouRule::kNncore, std::nullopt, Unanswered::kMissed},
     {GroundingRules::kLmms, IouRule::kLmms, AnswerRule::kLmms, Unanswered::kLeftOut},
     {GroundingRules::kLmmsEvalTvg, IouRule::kTimeChat, AnswerRule::kLmmsEvalTvg, Unanswered::kLeftOut},
     {GroundingRules::kTimeLens, IouRule::kLmms, AnswerRule::kTimeLens, Unanswered::kLeftOut},
     {GroundingRules::kVTimeLlm, IouRule::kVTimeLlm, AnswerRule::kVTimeLlm, Unanswered::kLeftOut},
     {GroundingRules::kGvl, IouRule::kLmms, AnswerRule::kGvl, Unanswered::kMissed}}};

const Scorer& scorer_of(GroundingRules rules) {
  return *std::find_if(kScorers.begin(), kScorers.end(), [&](const Scorer& scorer) { return scorer.rules == rules; });
}

// IoU.

template <typename Number>
struct Spans {
  Number shared;  // below 0 if the windows are apart
  Number hull;
  Number lengths;
};

template <typename Number>
Spans<Number> spans_of(const Interval& a, const Interval& b) {
  const auto a0 = static_cast<Number>(a.start), a1 = static_cast<Number>(a.stop);
  const auto b0 = static_cast<Number>(b.start), b1 = static_cast<Number>(b.stop);
  return {std::min(a1, b1) - std::max(a0, b0), std::max(a1, b1) - std::min(a0, b0), (a1 - a0) + (b1 - b0)};
}

template <typename Number>
double true_iou(const Spans<Number>& spans) {
  const Number shared = std::max(spans.shared, Number{0});
  const Number united = spans.lengths - shared;
  if (united == 0) return std::numeric_limits<double>::quiet_NaN();
  return shared / united;
}

double divided(double shared, double hull) {
  if (hull == 0) throw Error(ErrorCode::kMalformed, "two windows have a hull of 0, by which the script divides");
  return shared / hull;
}

// Annotations.

Interval window_of(const io::JsonValue& value, double smallest) {
  const std::vector<io::JsonValue> ends = value.elements();
  if (ends.size() != 2) throw value.error("has " + std::to_string(ends.size()) + " elements, not start and end");
  return {video_time(ends[0], smallest), video_time(ends[1], smallest)};
}

double duration_of(const io::JsonValue& value) {
  const double duration = video_time(value, 0);
  if (duration == 0) throw value.error("must be above 0");
  return duration;
}

std::string trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kSpace);
  if (start == text.npos) return "";
  return std::string(text.substr(start, text.find_last_not_of(kSpace) + 1 - start));
}

std::string query_id(const std::string& video, std::size_t number) { return video + "#" + std::to_string(number); }

/** ActivityNet-Captions, or TimeLens-Bench. */
std::vector<GroundingQuery> read_activitynet(const fs::path& annotations) {
  std::vector<GroundingQuery> queries;
  const auto root = io::JsonValue::load(annotations);
  const auto videos = root.members();
  if (const auto twice = root.repeated_member()) throw root.error("has the video " + io::quote(*twice) + " twice");
  for (const auto& [video, record] : videos) {
    const double duration = duration_of(record.at("duration"));
    const bool is_timelens = record.has("spans");
    const auto times = record.array(is_timelens ? "spans" : "timestamps").elements();
    const auto sentences = record.array(is_timelens ? "queries" : "sentences").elements();
    if (times.size() != sentences.size()) {
      throw record.error("has " + std::to_string(times.size()) + " times and " + std::to_string(sentences.size()) +
                         " sentences");
    }
    for (std::size_t i = 0; i < times.size(); ++i) {
      queries.push_back(
          {query_id(video, i), window_of(times[i], 0), trimmed(sentences[i].as_string()), std::optional(duration)});
    }
  }
  return queries;
}

double charades_time(std::string_view text, const std::string& place) {
  double time = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), time);
  const bool is_number = failure == std::errc{} && end == text.data() + text.size() && time >= 0 && time <= kLongest;
  if (!is_number) {
    throw Error(ErrorCode::kMalformed, place + ": " + io::quote(text) + " is no time from 0 to 1e9 seconds");
  }
  return time;
}

GroundingQuery charades_query(std::string_view line, const std::string& place) {
  const std::size_t mark = line.find("##");
  std::vector<std::string_view> fields;
  for (std::size_t from = 0; mark != line.npos;) {
    from = line.find_first_not_of(kSpace, from);
    if (from >= mark) break;
    const std::size_t end = std::min(line.find_first_of(kSpace, from), mark);
    fields.push_back(line.substr(from, end - from));
    from = end;
  }
  if (fields.size() != 3) throw Error(ErrorCode::kMalformed, place + ": is not \"VIDEO START END##sentence\"");
  const Interval truth{charades_time(fields[1], place), charades_time(fields[2], place)};
  return {std::string(fields[0]), truth, trimmed(line.substr(mark + 2)), std::nullopt};
}

std::vector<GroundingQuery> read_charades(const fs::path& annotations) {
  std::vector<GroundingQuery> queries;
  std::unordered_map<std::string, std::size_t> counts;
  const auto file = io::MappedFile::open(annotations);
  std::string_view rest = file->text();
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string place = annotations.string() + ": line " + std::to_string(number);
    if (line.size() > kLongestJsonLine) throw Error(ErrorCode::kMalformed, place + ": is longer than 1 MiB");
    if (line.find_first_not_of(kSpace) == line.npos) continue;
    queries.push_back(charades_query(line, place));
    queries.back().id = query_id(queries.back().id, counts[queries.back().id]++);
  }
  return queries;
}

// Answers.

using Places = std::unordered_map<std::string, std::size_t>;

std::size_t place_of(const io::JsonValue& id, const Places& places, std::size_t queries) {
  if (id.is_number()) return static_cast<std::size_t>(id.as_integer(0, static_cast<std::int64_t>(queries) - 1));
  const std::string name = id.as_string();
  const auto found = places.find(name);
  if (found == places.end()) throw id.error("names no query of the annotation: " + io::quote(name));
  return found->second;
}

GroundingAnswer answer_of(const io::JsonValue& record) {
  GroundingAnswer answer;
  answer.place = record.source();
  if (const auto duration = record.find("duration")) answer.duration = duration_of(*duration);
  const auto text = record.find("text"), windows = record.find("windows");
  if (text.has_value() == windows.has_value()) throw record.error("has not exactly one of \"text\" and \"windows\"");
  if (text) answer.text = text->as_string();
  if (!windows) return answer;
  for (const io::JsonValue& window : windows->elements())
    answer.windows.push_back(window_of(window, kSmallestPrediction));
  return answer;
}

// Scores.

double duration_for(const GroundingQuery& query, const GroundingAnswer& answer, const std::string& rules) {
  if (query.duration) return *query.duration;
  if (answer.duration) return *answer.duration;
  throw Error(ErrorCode::kInvalidArgument,
              "neither annotation nor answer have the video's duration, which the rules " + rules + " need");
}

/** The first window that the answer has by the rules, in seconds or (kVTimeLlm) in shares of the video. */
std::optional<Interval> first_window(const GroundingQuery& query, const GroundingAnswer& answer, const Scorer& scorer) {
  const bool is_share = scorer.rules == GroundingRules::kVTimeLlm;
  if (!answer.text) {
    if (answer.windows.empty()) return std::nullopt;
    const double unit = is_share ? duration_for(query, answer, name_of(kGroundingRules, scorer.rules)) : 1;
    return Interval{answer.windows.front().start / unit, answer.windows.front().stop / unit};
  }
  if (!scorer.reading) {
    throw Error(ErrorCode::kInvalidArgument,
                "has a text, and the rules " + name_of(kGroundingRules, scorer.rules) + " are of windows alone");
  }
  const bool needs_duration = scorer.rules == GroundingRules::kGvl && has_temporal_tokens(*answer.text);
  const double duration = needs_duration ? duration_for(query, answer, name_of(kGroundingRules, scorer.rules)) : 0;
  const std::vector<Interval> windows = parse_windows(*answer.text, *scorer.reading, duration);
  return windows.empty() ? std::nullopt : std::optional(windows.front());
}

/** None: there is no window. */
std::optional<double> answered_iou(const GroundingQuery& query, const GroundingAnswer& answer,
                                   const Scorer& scorer) try {
  const auto window = first_window(query, answer, scorer);
  if (!window) return std::nullopt;
  Interval truth = query.truth;
  if (scorer.rules == GroundingRules::kVTimeLlm) {
    const double duration = duration_for(query, answer, name_of(kGroundingRules, scorer.rules));
    truth = {truth.start / duration, truth.stop / duration};
  }
  const double iou = published_iou(truth, *window, scorer.iou);
  return std::isnan(iou) ? 0 : iou;
} catch (const Error& error) {
  throw Error(error.code(), answer.place + ": query " + io::quote(query.id) + ": " + error.what());
}

struct Tally {
  std::vector<double> ious;  // of those that count
  std::size_t empty = 0;     // that have no window, and count
  std::size_t left_out = 0;
};

Tally tally_of(const std::vector<GroundingQuery>& queries, const std::vector<std::optional<GroundingAnswer>>& answers,
               const Scorer& scorer, const std::string& file) {
  Tally tally;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!answers[i] && scorer.unanswered == Unanswered::kRefused) {
      throw Error(ErrorCode::kMalformed, file + ": has no answer to query " + io::quote(queries[i].id) +
                                             ", which the rules " + name_of(kGroundingRules, scorer.rules) +
                                             " do not allow");
    }
    if (!answers[i] && scorer.unanswered == Unanswered::kLeftOut) {
      ++tally.left_out;
      continue;
    }
    const auto iou = answers[i] ? answered_iou(queries[i], *answers[i], scorer) : std::nullopt;
    tally.empty += !iou;
    tally.ious.push_back(iou.value_or(0));
  }
  if (tally.ious.empty()) throw Error(ErrorCode::kMalformed, file + ": answers no query");
  return tally;
}

std::vector<Score> scores_of(const Tally& tally, double unit) {
  const auto count = static_cast<double>(tally.ious.size());
  double sum = 0;
  std::array<double, kRecallThresholds.size()> hits{};
  for (const double iou : tally.ious) {
    sum += iou;
    for (std::size_t t = 0; t < hits.size(); ++t) hits[t] += iou >= kRecallThresholds[t];
  }
  return {{"R@1, IoU=0.3", hits[0] * unit / count},
          {"R@1, IoU=0.5", hits[1] * unit / count},
          {"R@1, IoU=0.7", hits[2] * unit / count},
          {"mIoU", sum * unit / count},
          {"without a window", static_cast<double>(tally.empty)}};
}

}  // namespace

double published_iou(const Interval& reference, const Interval& prediction, IouRule rule) {
  const auto spans = spans_of<double>(reference, prediction);
  const double shared = std::max(spans.shared, 0.0);
  switch (rule) {
    case IouRule::kTall:
      return divided(spans.shared, spans.hull);
    case IouRule::kTimeChat:
      return divided(shared, spans.hull);
    case IouRule::kLmms:
      return spans.hull <= 0 ? 0 : shared / spans.hull;
    case IouRule::kNncore:
      return true_iou(spans_of<float>(reference, prediction));
    case IouRule::kVTimeLlm:
      return rounded_to_hundredths(divided(shared, spans.hull));
    case IouRule::kMomentDetr:
      return spans.hull == 0 ? 0 : shared / spans.hull;
    case IouRule::kMomentCross:
      return true_iou(spans);
  }
  throw Error(ErrorCode::kInvalidArgument, "there is no such rule for an IoU");
}

double rounded_to_hundredths(double value) {
  std::array<char, std::numeric_limits<double>::max_exponent10 + 8> digits{};
  const auto last = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed, 2);
  double rounded = 0;
  std::from_chars(digits.data(), last.ptr, rounded);
  return rounded;
}

double video_time(const io::JsonValue& value, double smallest) {
  const double time = value.as_number();
  if (time < smallest) throw value.error("is below " + std::string(smallest == 0 ? "0" : "-1e9") + " seconds");
  if (time > kLongest) throw value.error("is above 1e9 seconds");
  return time;
}

std::vector<GroundingQuery> read_grounding_queries(const fs::path& annotations) {
  auto queries = annotations.extension() == ".json" ? read_activitynet(annotations) : read_charades(annotations);
  if (queries.empty()) throw Error(ErrorCode::kMalformed, annotations.string() + ": has no queries");
  return queries;
}

std::vector<std::optional<GroundingAnswer>> read_grounding_answers(const fs::path& predictions,
                                                                   const std::vector<GroundingQuery>& queries) {
  Places places;
  for (std::size_t i = 0; i < queries.size(); ++i) places.emplace(queries[i].id, i);
  std::vector<std::optional<GroundingAnswer>> answers(queries.size());
  JsonLines lines(predictions);
  for (std::string line; lines.next(line);) {
    const std::string place = predictions.string() + ": line " + std::to_string(lines.number());
    const auto record = io::JsonValue::parse(line, place, {.bytes = kLongestJsonLine});
    std::optional<GroundingAnswer>& answer = answers[place_of(record.at("id"), places, queries.size())];
    if (answer) throw record.at("id").error("was answered before (" + answer->place + ")");
    answer = answer_of(record);
  }
  return answers;
}

ScoreReport score_temporal_grounding(const fs::path& annotations, const fs::path& predictions, GroundingRules rules,
                                     const std::string& benchmark) {
  const Scorer& scorer = scorer_of(rules);
  const std::vector<GroundingQuery> queries = read_grounding_queries(annotations);
  const Tally tally = tally_of(queries, read_grounding_answers(predictions, queries), scorer, predictions.string());
  ScoreReport report;
  report.benchmark = benchmark;
  report.rules = name_of(kGroundingRules, rules);
  report.counted = static_cast<std::int64_t>(tally.ious.size());
  report.scores = scores_of(tally, rules == GroundingRules::kEtBench ? 1 : 100);
  if (tally.left_out > 0) {
    report.notes.push_back(std::to_string(tally.left_out) +
                           " queries have no answer and are left out, as the published script does.");
  }
  if (tally.empty > 0) {
    report.notes.push_back(std::to_string(tally.empty) + " queries have no window by these rules and count as misses.");
  }
  return report;
}

}  // namespace gvl::evaluation
