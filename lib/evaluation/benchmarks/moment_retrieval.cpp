/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/moment_retrieval.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "evaluation/benchmarks/qvhighlights_file.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "gvl/error.hpp"
#include "io/json.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostRanked = 10;  // windows of a query that mAP looks at

struct LengthRange {
  std::string_view name;
  double above, most;  // seconds
};

constexpr std::array<LengthRange, 4> kLengths{
    {{"full", -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()},
     {"short", 0, 10},
     {"middle", 10, 30},
     {"long", 30, 150}}};

// Average precision.

std::vector<ScoredWindow> ranked(const std::vector<ScoredWindow>& listed) {
  const auto end = listed.begin() + static_cast<std::ptrdiff_t>(std::min(listed.size(), kMostRanked));
  std::vector<ScoredWindow> windows(listed.begin(), end);
  std::stable_sort(windows.begin(), windows.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  return windows;
}

struct Candidate {
  std::size_t truth = 0;
  double iou = 0;  // above 1: NaN, which is sorted behind all numbers and compares below none
};

/** True windows by falling IoU; of equal ones, the last first. */
std::vector<Candidate> candidates_for(const Interval& window, const std::vector<Interval>& truths) {
  std::vector<Candidate> found;
  for (std::size_t i = truths.size(); i-- > 0;) {
    const double iou = published_iou(truths[i], window, IouRule::kMomentCross);
    found.push_back({i, std::isnan(iou) ? std::numeric_limits<double>::infinity() : iou});
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.iou > b.iou; });
  return found;
}

using Ranking = std::vector<std::vector<Candidate>>;

/** Whether each window hits, at one threshold. */
std::vector<bool> hits_at(double threshold, const Ranking& ranking, std::size_t truths) {
  std::vector<bool> hits, taken(truths);
  for (const std::vector<Candidate>& candidates : ranking) {
    const auto is_free = [&](const Candidate& one) { return one.iou >= threshold && !taken[one.truth]; };
    const auto found = std::find_if(candidates.begin(), candidates.end(), is_free);
    hits.push_back(found != candidates.end());
    if (hits.back()) taken[found->truth] = true;
  }
  return hits;
}

/** The area below the precision that recall reaches at least; VOC 2011. */
double interpolated_area(const std::vector<bool>& hits, std::size_t truths) {
  std::vector<double> precision, recall;
  double found = 0;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    found += hits[i];
    precision.push_back(found / static_cast<double>(i + 1));
    recall.push_back(found / static_cast<double>(truths));
  }
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double area = 0;
  for (std::size_t i = 0; i < recall.size(); ++i) area += (recall[i] - (i > 0 ? recall[i - 1] : 0)) * precision[i];
  return area;
}

// Lengths.

/** A query with its true windows of these lengths; none if it has no such window. */
std::optional<MomentQuery> within(const MomentQuery& query, const LengthRange& range) {
  MomentQuery kept = query;
  std::erase_if(kept.truths, [&](const Interval& truth) {
    const double length = truth.stop - truth.start;
    return !(range.above < length && length <= range.most);
  });
  const bool is_kept = !kept.truths.empty() || range.name == kLengths.front().name;
  return is_kept ? std::optional(std::move(kept)) : std::nullopt;
}

double mean_of(const AtThresholds& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

MomentScore score_of(const std::vector<MomentQuery>& queries, const LengthRange& range) {
  std::vector<MomentQuery> kept;
  for (const MomentQuery& query : queries) {
    if (auto part = within(query, range)) kept.push_back(std::move(*part));
  }
  if (kept.empty()) {
    throw Error(ErrorCode::kMalformed, (queries.empty() ? "" : queries.front().truths_place + " and all others: ") +
                                           std::string("no query has a ") + std::string(range.name) +
                                           " true window, without which the script raises");
  }
  MomentScore score{std::string(range.name), kept.size(), {}, 0, {}, 0};
  const auto count = static_cast<double>(kept.size());
  for (const MomentQuery& query : kept) {
    const double iou = first_moment(query).iou;
    score.mean_iou += iou / count;
    for (std::size_t t = 0; t < score.recall.size(); ++t) score.recall[t] += iou >= kMomentThresholds[t];
  }
  for (double& recall : score.recall) recall /= count;
  score.average_precision = mean_moment_precision(kept);
  score.mean_average_precision = mean_of(score.average_precision);
  return score;
}

// Files.

std::vector<io::JsonValue> numbers_of(const io::JsonValue& window, std::size_t count, const char* what) {
  std::vector<io::JsonValue> numbers = window.elements();
  if (numbers.size() != count) throw window.error(std::to_string(numbers.size()) + " elements are not " + what);
  return numbers;
}

std::vector<Interval> truths_of(const io::JsonValue& record) {
  std::vector<Interval> truths;
  for (const io::JsonValue& window : record.array("relevant_windows").elements()) {
    const auto ends = numbers_of(window, 2, "start and end");
    truths.push_back({video_time(ends[0], 0), video_time(ends[1], 0)});
  }
  return truths;
}

std::vector<ScoredWindow> predictions_of(const io::JsonValue& record) {
  std::vector<ScoredWindow> windows;
  for (const io::JsonValue& window : record.array("pred_relevant_windows").elements()) {
    const auto numbers = numbers_of(window, 3, "start, end and score");
    windows.push_back({{video_time(numbers[0], kSmallestPrediction), video_time(numbers[1], kSmallestPrediction)},
                       numbers[2].as_number()});
  }
  return windows;
}

std::string threshold_name(double threshold) {
  const auto hundredths = static_cast<int>(std::lround(100 * threshold));
  return "0." + (hundredths % 10 == 0 ? std::to_string(hundredths / 10) : std::to_string(hundredths));
}

void add_scores(const MomentScore& score, bool rounded, std::vector<Score>& scores) {
  const std::string name = "MR-" + score.name + "-";
  const auto add = [&](const std::string& what, double value) {
    scores.push_back({name + what, rounded ? rounded_to_hundredths(100 * value) : 100 * value});
  };
  for (std::size_t t = 0; t < kMomentThresholds.size(); ++t) {
    const bool is_quoted = kMomentThresholds[t] == 0.5 || kMomentThresholds[t] == 0.7;
    if (is_quoted) add("R1@" + threshold_name(kMomentThresholds[t]), score.recall[t]);
  }
  add("mAP", score.mean_average_precision);
  for (std::size_t t = 0; t < kMomentThresholds.size(); ++t) {
    add("mAP@" + threshold_name(kMomentThresholds[t]), score.average_precision[t]);
  }
}

}  // namespace

AtThresholds moment_average_precision(const MomentQuery& query) {
  Ranking ranking;
  for (const ScoredWindow& one : ranked(query.predictions)) {
    ranking.push_back(candidates_for(one.window, query.truths));
  }
  AtThresholds areas{};
  for (std::size_t t = 0; t < areas.size() && !ranking.empty(); ++t) {
    areas[t] = interpolated_area(hits_at(kMomentThresholds[t], ranking, query.truths.size()), query.truths.size());
  }
  return areas;
}

FirstMoment first_moment(const MomentQuery& query) {
  if (query.predictions.empty() || query.truths.empty()) {
    throw Error(ErrorCode::kMalformed, (query.truths.empty() ? query.truths_place : query.place) + ": query " +
                                           query.id + " has no " +
                                           (query.truths.empty() ? "relevant_windows" : "pred_relevant_windows") +
                                           ", where the script raises IndexError");
  }
  const Interval& first = query.predictions.front().window;
  // Of equal IoUs the last comes first there.
  const std::vector<Candidate> candidates = candidates_for(first, query.truths);
  const auto is_less = [&](const Candidate& a, const Candidate& b) {
    return a.iou < b.iou || (a.iou == b.iou && a.truth > b.truth);
  };
  const std::size_t truth = std::max_element(candidates.begin(), candidates.end(), is_less)->truth;
  return {truth, published_iou(query.truths[truth], first, IouRule::kMomentDetr)};
}

AtThresholds mean_moment_precision(const std::vector<MomentQuery>& queries) {
  AtThresholds mean{};
  double count = 0;
  for (const MomentQuery& query : queries) {
    if (query.predictions.empty()) continue;
    ++count;
    const AtThresholds areas = moment_average_precision(query);
    for (std::size_t t = 0; t < mean.size(); ++t) mean[t] += areas[t];
  }
  if (count == 0) throw Error(ErrorCode::kInvalidArgument, "no query has predictions");
  for (double& value : mean) value /= count;
  return mean;
}

std::array<MomentScore, 4> moment_scores(const std::vector<MomentQuery>& queries) {
  std::array<MomentScore, kLengths.size()> scores;
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = score_of(queries, kLengths[i]);
  return scores;
}

std::vector<MomentQuery> read_moments(const fs::path& annotations, const fs::path& predictions, bool match_number) {
  std::vector<MomentQuery> queries;
  std::unordered_map<std::string, std::size_t> places;
  for_each_qvhighlights_line(annotations, [&](const std::string& id, const io::JsonValue& record) {
    places.emplace(id, queries.size());
    queries.push_back({id, truths_of(record), {}, "", record.source()});
  });
  for_each_qvhighlights_line(predictions, [&](const std::string& id, const io::JsonValue& record) {
    const auto windows = predictions_of(record);
    const auto found = places.find(id);
    if (found == places.end() && match_number) {
      throw record.at("qid").error(id + " is not in " + annotations.string());
    }
    if (found == places.end()) return;
    queries[found->second].predictions = windows;
    queries[found->second].place = record.source();
  });
  std::erase_if(queries, [&](const MomentQuery& query) {
    if (query.place.empty() && match_number) {
      throw Error(ErrorCode::kMalformed, predictions.string() + ": has no line for query " + query.id);
    }
    return query.place.empty();
  });
  if (queries.empty()) throw Error(ErrorCode::kMalformed, predictions.string() + ": answers no query");
  return queries;
}

ScoreReport score_moment_retrieval(const fs::path& annotations, const fs::path& predictions,
                                   const MomentOptions& options) {
  const std::vector<MomentQuery> queries = read_moments(annotations, predictions, options.match_number);
  ScoreReport report;
  report.benchmark = "qvhighlights";
  report.rules = "moment_detr";
  report.counted = static_cast<std::int64_t>(queries.size());
  for (const MomentScore& score : moment_scores(queries)) {
    add_scores(score, options.rounded, report.scores);
    report.notes.push_back(score.name + ": " + std::to_string(score.count) + " of " + std::to_string(queries.size()) +
                           " queries.");
  }
  return report;
}

}  // namespace gvl::evaluation
