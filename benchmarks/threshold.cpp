/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-threshold [--weights DIR] [--keyframes N] [--smooth N] [--threshold N] CONFIG.json: how well a detector and a
 * threshold answer when something is seen, without a language model. Of CONFIG.json's `queries` (docs/training.md) only
 * `kind` is read, one of COCO's classes, never the text. The class's score at its strongest place in each keyframe is
 * averaged over N neighbouring ones. The answer is the run of keyframes at or above the threshold whose scores have the
 * largest sum, and is as sure as the strongest score of the video. A kind that is no class scores 0.
 *
 * Printed as gvl-eval prints it: what an answer of whole videos comes to, what the given threshold does, and what the
 * one with the best mIoU does, a score or a part of each video's strongest score; then how well confidence tells what
 * is there from what is not. The best are chosen by the queries that they are measured by: they may do worse on other
 * videos. A language model that looks at the same detections and is not better than this has learnt nothing. Exits 0
 * when it has measured, 1 on wrong usage, 2 when it could not.
 */
#include <glib.h>

#include <opencv2/core/utils/logger.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "detector.hpp"
#include "evaluation/query_file.hpp"
#include "evaluation/report.hpp"
#include "gvl/error.hpp"

namespace {

using namespace gvl;
using evaluation::Interval;
using evaluation::Report;

struct Options {
  std::filesystem::path weights;
  int keyframes = 48;
  int smooth = 3;
  double threshold = 0.25;
};

/** A query with what the detector says to it. */
struct Scored {
  std::string kind;
  std::vector<Interval> truths;
  std::vector<float> scores;  ///< of the keyframes; all 0 of a class that it does not know
  double share = 0;           ///< seconds of a keyframe
};

/** The mean over `width` neighbours, fewer at the ends. */
std::vector<float> smoothed(const std::vector<float>& scores, int width) {
  const std::ptrdiff_t reach = width / 2, count = std::ssize(scores);
  std::vector<float> means;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const auto first = scores.begin() + std::max<std::ptrdiff_t>(i - reach, 0);
    const auto last = scores.begin() + std::min(i + reach + 1, count);
    means.push_back(std::accumulate(first, last, 0.0F) / static_cast<float>(last - first));
  }
  return means;
}

std::vector<Scored> score(const benchmarks::Detector& detector, const evaluation::QueriedVideo& video,
                          const Options& options) {
  const benchmarks::Keyframes keyframes = benchmarks::read_keyframes(video.file, options.keyframes);
  const auto seen = detector.look(keyframes.pictures, 1);
  std::vector<Scored> queries;
  for (const evaluation::Question& question : video.questions) {
    const auto number = benchmarks::class_of(question.kind);
    std::vector<float> scores;
    for (const vision::SeenPicture& picture : seen) scores.push_back(number ? picture.strongest[*number] : 0);
    queries.push_back({question.kind, question.truths, smoothed(scores, options.smooth), keyframes.share});
  }
  return queries;
}

/** From where on a score counts: by itself, or in parts of the video's strongest. */
struct Threshold {
  double score = 0;
  bool is_part = false;
};

float strongest(const Scored& query) { return *std::max_element(query.scores.begin(), query.scores.end()); }

std::optional<Interval> find_run(const Scored& query, const Threshold& from) {
  const double threshold = from.is_part ? from.score * strongest(query) : from.score;
  std::optional<Interval> best;
  double best_sum = -1, sum = 0;
  for (std::size_t first = 0, i = 0; i < query.scores.size(); ++i) {
    if (query.scores[i] < threshold) {
      first = i + 1;
      sum = 0;
      continue;
    }
    sum += query.scores[i];
    if (sum < best_sum) continue;
    best_sum = sum;
    best = {static_cast<double>(first) * query.share, static_cast<double>(i + 1) * query.share};
  }
  return best;
}

std::string grounding_table(const std::vector<Scored>& queries, const Threshold& threshold) {
  Report report;
  for (const Scored& query : queries) {
    if (query.truths.empty()) continue;
    report.add_grounding(query.kind, evaluation::best_match(find_run(query, threshold), query.truths));
  }
  return report.to_table();
}

std::string presence_table(const std::vector<Scored>& queries) {
  Report report;
  for (const Scored& query : queries) {
    report.add_presence(query.kind, strongest(query), !query.truths.empty());
  }
  return report.to_table();
}

double mean_iou(const std::vector<Scored>& queries, const Threshold& threshold) {
  std::vector<evaluation::Grounding> groundings;
  for (const Scored& query : queries) {
    if (!query.truths.empty()) groundings.push_back(evaluation::best_match(find_run(query, threshold), query.truths));
  }
  return evaluation::grounding_score(groundings).mean_iou;
}

Threshold best_threshold(const std::vector<Scored>& queries, bool is_part) {
  constexpr int kSteps = 100;
  Threshold best;
  double best_iou = -1;
  for (int i = 1; i < kSteps; ++i) {
    const Threshold threshold{static_cast<double>(i) / kSteps, is_part};
    const double iou = mean_iou(queries, threshold);
    if (iou <= best_iou) continue;
    best = threshold;
    best_iou = iou;
  }
  return best;
}

void print_grounding(const std::string& title, const std::vector<Scored>& queries, const Threshold& threshold) {
  std::printf("%s: %.2f\n\n%s\n", title.c_str(), threshold.score, grounding_table(queries, threshold).c_str());
}

int measure(const std::string& file, const Options& options) {
  const auto configuration = io::JsonValue::load(file);
  const benchmarks::Detector detector(options.weights);
  std::vector<Scored> queries;
  for (const auto& video : evaluation::read_queries(configuration.object("queries"))) {
    const auto more = score(detector, video, options);
    queries.insert(queries.end(), more.begin(), more.end());
  }
  print_grounding("whole videos, threshold", queries, {0});
  print_grounding("threshold", queries, {options.threshold});
  print_grounding("threshold that is best for these queries", queries, best_threshold(queries, false));
  print_grounding("part of the video's strongest score that is best for these queries", queries,
                  best_threshold(queries, true));
  std::printf("confidence\n\n%s", presence_table(queries).c_str());
  return 0;
}

int usage(const std::string& reason) {
  std::fprintf(stderr,
               "gvl-threshold: %s\nusage: gvl-threshold [--weights DIR] [--keyframes N] [--smooth N] [--threshold N] "
               "CONFIG.json\n",
               reason.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options{GVL_DETECTOR};
  g_autofree char* weights = nullptr;
  const GOptionEntry entries[] = {
      {"weights", 0, 0, G_OPTION_ARG_FILENAME, &weights, "Folder of the detector's weights", "DIR"},
      {"keyframes", 0, 0, G_OPTION_ARG_INT, &options.keyframes, "Frames of a video that are looked at (48)", "N"},
      {"smooth", 0, 0, G_OPTION_ARG_INT, &options.smooth, "Keyframes that a score is averaged over, odd (3)", "N"},
      {"threshold", 0, 0, G_OPTION_ARG_DOUBLE, &options.threshold, "What scores less is not seen (0.25)", "N"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("CONFIG.json");
  g_option_context_set_summary(context, "Measures what a detector and a threshold answer to queries about videos.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != 2) return usage("one configuration is needed");
  if (options.keyframes < 1) return usage("--keyframes is not above 0");
  if (options.smooth < 1 || options.smooth % 2 == 0) return usage("--smooth is not 1, 3, 5, ...");
  if (!(options.threshold >= 0 && options.threshold <= 1)) return usage("--threshold is not within 0 and 1");
  if (weights != nullptr) options.weights = weights;
  // OpenCV warns of what it does not need to know of a video.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  try {
    return measure(argv[1], options);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-threshold: %s\n", failure.what());
    return 2;
  }
}
