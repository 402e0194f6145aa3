/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/highlight_detection.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "evaluation/benchmarks/qvhighlights_file.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "gvl/error.hpp"
#include "gvl/json_line.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr double kClipSeconds = 2;
constexpr double kLongestVideo = 86'400;  // seconds
constexpr double kBestRating = 4;

ClipRatings ratings_of(const io::JsonValue& list) {
  const auto values = list.elements();
  ClipRatings ratings{};
  if (values.size() != ratings.size())
    throw list.error(std::to_string(values.size()) + " elements are not three ratings");
  for (std::size_t i = 0; i < ratings.size(); ++i) {
    ratings[i] = values[i].as_number();
    if (ratings[i] < 0 || ratings[i] > kBestRating) throw values[i].error("is no rating from 0 to 4");
  }
  return ratings;
}

std::vector<ClipRatings> clips_of(const io::JsonValue& record) {
  const double duration = record.number("duration");
  if (duration < kClipSeconds || duration > kLongestVideo)
    throw record.at("duration").error("is not from 2 seconds to a day");
  std::vector<ClipRatings> clips(static_cast<std::size_t>(duration / kClipSeconds));
  const auto ids = record.array("relevant_clip_ids").elements(), ratings = record.array("saliency_scores").elements();
  if (ids.size() != ratings.size()) {
    throw record.error("has " + std::to_string(ids.size()) + " relevant clips and ratings of " +
                       std::to_string(ratings.size()));
  }
  const auto last = static_cast<std::int64_t>(clips.size()) - 1;
  for (std::size_t i = 0; i < ids.size(); ++i)
    clips[static_cast<std::size_t>(ids[i].as_integer(0, last))] = ratings_of(ratings[i]);
  return clips;
}

std::vector<double> predictions_of(const io::JsonValue& record) {
  const io::JsonValue list = record.array("pred_saliency_scores");
  std::vector<double> predictions;
  for (const io::JsonValue& value : list.elements()) predictions.push_back(value.as_number());
  if (predictions.empty()) throw list.error("has no prediction, where the script raises ValueError");
  return predictions;
}

/** What the first line of a submission has. */
struct Tasks {
  bool moments = false, highlights = false;
};

Tasks tasks_of(const fs::path& submission) {
  JsonLines lines(submission);
  std::string line;
  if (!lines.next(line)) throw Error(ErrorCode::kMalformed, submission.string() + ": has no queries");
  const std::string place = submission.string() + ": line " + std::to_string(lines.number());
  const auto record = io::JsonValue::parse(line, place, {.bytes = kLongestJsonLine});
  const Tasks tasks{record.has("pred_relevant_windows"), record.has("pred_saliency_scores")};
  if (!tasks.moments && !tasks.highlights)
    throw record.error("has neither \"pred_relevant_windows\" nor \"pred_saliency_scores\"");
  return tasks;
}

}  // namespace

double highlight_average_precision(const std::vector<bool>& highlights, const std::vector<double>& predictions) {
  const auto all = std::count(highlights.begin(), highlights.end(), true);
  if (all == 0) return 0;
  if (all == static_cast<std::ptrdiff_t>(highlights.size())) return 1;
  // By falling prediction: how many clips have it, and how many of these are highlights.
  std::map<double, std::pair<double, double>, std::greater<>> ranks;
  for (std::size_t i = 0; i < highlights.size(); ++i) {
    auto& [clips, found] = ranks[predictions[i]];
    clips += 1;
    found += highlights[i];
  }
  std::vector<double> precision;  // where recall rises; the lowest at each recall is not among them
  double clips = 0, found = 0;
  for (const auto& [prediction, here] : ranks) {
    clips += here.first;
    found += here.second;
    if (here.second > 0) precision.push_back(found / clips);
  }
  double sum = 0, best = 0;
  for (std::size_t i = precision.size(); i-- > 0;) {
    best = std::max(best, precision[i]);
    sum += best;
  }
  return sum / static_cast<double>(precision.size());
}

HighlightScore highlight_score(const std::vector<HighlightQuery>& queries, double least_rating) {
  HighlightScore score;
  for (const HighlightQuery& query : queries) {
    std::vector<double> predictions = query.predictions;
    const auto first = std::max_element(predictions.begin(), predictions.end()) - predictions.begin();
    const auto is_high = [&](double rating) { return rating >= least_rating; };
    if (const auto best = static_cast<std::size_t>(first); best < query.ratings.size())
      score.hit_at_one += std::any_of(query.ratings[best].begin(), query.ratings[best].end(), is_high);
    predictions.resize(query.ratings.size());
    for (std::size_t rater = 0; rater < ClipRatings{}.size(); ++rater) {
      std::vector<bool> highlights;
      for (const ClipRatings& ratings : query.ratings) highlights.push_back(is_high(ratings[rater]));
      score.mean_average_precision +=
          highlight_average_precision(highlights, predictions) / static_cast<double>(ClipRatings{}.size());
    }
  }
  score.hit_at_one /= static_cast<double>(queries.size());
  score.mean_average_precision /= static_cast<double>(queries.size());
  return score;
}

std::vector<HighlightQuery> read_highlights(const fs::path& annotations, const fs::path& predictions,
                                            bool match_number) {
  std::vector<HighlightQuery> queries;
  std::unordered_map<std::string, std::size_t> places;
  for_each_qvhighlights_line(annotations, [&](const std::string& id, const io::JsonValue& record) {
    places.emplace(id, queries.size());
    queries.push_back({id, clips_of(record), {}});
  });
  for_each_qvhighlights_line(predictions, [&](const std::string& id, const io::JsonValue& record) {
    const auto found = places.find(id);
    if (found != places.end()) queries[found->second].predictions = predictions_of(record);
    if (found == places.end() && match_number) throw record.at("qid").error(id + " is not in " + annotations.string());
  });
  std::erase_if(queries, [&](const HighlightQuery& query) {
    if (query.predictions.empty() && match_number)
      throw Error(ErrorCode::kMalformed, predictions.string() + ": has no line for query " + query.id);
    return query.predictions.empty();
  });
  if (queries.empty()) throw Error(ErrorCode::kMalformed, predictions.string() + ": answers no query");
  return queries;
}

ScoreReport score_qvhighlights(const fs::path& annotations, const fs::path& predictions, const MomentOptions& options) {
  const Tasks tasks = tasks_of(predictions);
  ScoreReport report{"qvhighlights", "moment_detr", 0, {}, {}};
  if (tasks.moments) report = score_moment_retrieval(annotations, predictions, options);
  if (!tasks.highlights) return report;
  const auto queries = read_highlights(annotations, predictions, options.match_number);
  report.counted = static_cast<std::int64_t>(queries.size());
  for (const HighlightLevel& level : kHighlightLevels) {
    const HighlightScore score = highlight_score(queries, level.least);
    const auto add = [&](const char* what, double value) {
      const double percent = 100 * value;
      report.scores.push_back({std::string("HL-min-") + level.name + "-" + what,
                               options.rounded ? rounded_to_hundredths(percent) : percent});
    };
    add("mAP", score.mean_average_precision);
    add("Hit1", score.hit_at_one);
  }
  return report;
}

}  // namespace gvl::evaluation
