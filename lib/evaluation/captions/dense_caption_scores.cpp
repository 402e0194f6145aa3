/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/dense_caption_scores.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "evaluation/captions/ptb_tokenizer.hpp"
#include "evaluation/captions/soda_pairs.hpp"
#include "evaluation/captions/vtimellm_log.hpp"
#include "gvl/error.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostProposals = 1000;
constexpr std::array<const char*, kCaptionThresholds.size()> kThresholdNames{"@0.3", "@0.5", "@0.7", "@0.9"};

/** What a prediction is paired with that no reference overlaps: a word that is in no dictionary. */
constexpr const char* kNoReference = "qzxjvkqzxjvkq";

double harmonic_mean(double a, double b) { return a + b > 0 ? 2 * a * b / (a + b) : 0; }

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool counts_all_videos(DenseCaptionRules rules) {
  return rules == DenseCaptionRules::kDensevid || rules == DenseCaptionRules::kTimeChat;
}

void sort_by_start(Captions& captions) {
  std::stable_sort(captions.begin(), captions.end(),
                   [](const Caption& a, const Caption& b) { return a.interval.start < b.interval.start; });
}

/** Where TimeChat's script puts the score of each prediction: in the order of "0", "1", "10", "2", ... */
std::vector<std::size_t> order_of_names(std::size_t count) {
  std::set<std::pair<std::string, std::size_t>> names;
  for (std::size_t i = 0; i < count; ++i) names.emplace(std::to_string(i), i);
  std::vector<std::size_t> order;
  for (const auto& [name, number] : names) order.push_back(number);
  return order;
}

/** A score as a mean over videos, and over the thresholds it is at, in the order of the scripts' sums. */
class Means {
 public:
  void add(const VideoCaptionScores& video) {
    for (const auto& [name, value] : video) values_[name].push_back(value);
  }
  bool has(const std::string& name) const { return values_.contains(name); }
  double operator()(const std::string& name) const { return mean_of(values_.at(name)); }
  double over_thresholds(const std::string& name) const {
    std::vector<double> means;
    for (const char* threshold : kThresholdNames) means.push_back((*this)(name + threshold));
    return mean_of(means);
  }

 private:
  std::map<std::string, std::vector<double>> values_;
};

/** The annotations of a video, in the files' order. */
std::vector<Captions> annotations_of(const std::string& video, const std::vector<CaptionFile>& files) {
  std::vector<Captions> found;
  for (const CaptionFile& file : files) {
    if (const auto captions = file.videos.find(video); captions != file.videos.end()) found.push_back(captions->second);
  }
  return found;
}

bool is_soda(DenseCaptionRules rules) {
  return rules == DenseCaptionRules::kSoda || rules == DenseCaptionRules::kSodaBest;
}

/** What a score of SODA is called, and what its parts are: "SODA_a precision@0.3". */
struct SodaNames {
  explicit SodaNames(const std::string& type, const std::string& threshold = "")
      : f1(type + threshold), precision(type + " precision" + threshold), recall(type + " recall" + threshold) {}

  std::string f1, precision, recall;
};

/** All that SODA counts of a video. */
const std::vector<SodaNames>& soda_names(DenseCaptionRules rules) {
  static const std::vector<SodaNames> one{SodaNames("SODA_c")};
  static const std::vector<SodaNames> all = [] {
    std::vector<SodaNames> names{SodaNames("SODA_c"), SodaNames("SODA_b"), SodaNames("SODA_d")};
    for (const char* threshold : kThresholdNames) names.emplace_back("SODA_a", threshold);
    return names;
  }();
  return is_soda(rules) ? all : one;
}

VideoCaptionScores soda_of(DenseCaptionScorer& scorer, const Captions& predictions, std::vector<Captions> annotations,
                           DenseCaptionRules rules) {
  if (rules != DenseCaptionRules::kSodaBest) {
    for (std::size_t i = 1; i < annotations.size(); ++i)
      annotations[0].insert(annotations[0].end(), annotations[i].begin(), annotations[i].end());
    annotations.resize(1);
  }
  VideoCaptionScores best;
  for (const Captions& references : annotations) {
    const VideoCaptionScores scores = scorer.soda(predictions, references);
    for (const SodaNames& names : soda_names(rules)) {
      if (best.contains(names.f1) && scores.at(names.f1) <= best.at(names.f1)) continue;
      for (const std::string& name : {names.f1, names.precision, names.recall}) best[name] = scores.at(name);
    }
  }
  return best;
}

/** What is compared: videos with their annotations and predictions. */
struct Comparison {
  std::vector<CaptionFile> annotations;
  CaptionFile submission;
  std::vector<std::string> videos;
  std::size_t missing = 0, unknown = 0;
};

Comparison comparison_of(const std::vector<fs::path>& annotations, const fs::path& submission,
                         DenseCaptionRules rules) {
  Comparison found;
  const bool is_log = rules == DenseCaptionRules::kVTimeLlmLog;
  if (is_log && annotations.size() != 1)
    throw Error(ErrorCode::kInvalidArgument, "the rules vtimellm-log are of one file of annotations");
  found.submission = is_log ? read_vtimellm_log(submission, annotations[0]) : read_caption_submission(submission);
  std::set<std::string> annotated;
  for (const fs::path& file : annotations) {
    found.annotations.push_back(read_caption_annotation(file));
    for (const auto& [video, captions] : found.annotations.back().videos) annotated.insert(video);
  }
  for (const std::string& video : annotated) {
    const bool has_prediction = found.submission.videos.contains(video);
    found.missing += !has_prediction;
    if (has_prediction || counts_all_videos(rules)) found.videos.push_back(video);
  }
  for (const auto& [video, captions] : found.submission.videos) found.unknown += !annotated.contains(video);
  if (annotated.size() == found.missing)
    throw Error(ErrorCode::kMalformed, submission.string() + ": has captions of no video of the annotations");
  return found;
}

void check_not_empty(const Comparison& comparison) {
  for (const std::string& video : comparison.videos) {
    if (!comparison.submission.videos.at(video).empty()) continue;
    throw Error(ErrorCode::kMalformed, comparison.submission.file.string() + ": has no captions of " +
                                           io::quote(video) + ", where SODA's script raises");
  }
}

Captions predictions_of(const Comparison& comparison, const std::string& video) {
  const auto found = comparison.submission.videos.find(video);
  return found == comparison.submission.videos.end() ? Captions() : found->second;
}

/** Means of all videos; by VTimeLLM's rules without SODA_c, which is a mean of its own. */
Means means_of(const Comparison& comparison, DenseCaptionRules rules, MeteorCounter& meteor) {
  const bool has_pairs = !is_soda(rules);
  const bool has_soda = !has_pairs || rules == DenseCaptionRules::kTimeChat;
  Means means;
  for (const std::string& video : comparison.videos) {
    DenseCaptionScorer scorer(rules, meteor);
    const Captions predictions = predictions_of(comparison, video);
    const auto annotations = annotations_of(video, comparison.annotations);
    if (has_pairs) means.add(scorer.pairs(predictions, annotations));
    if (has_soda) means.add(soda_of(scorer, predictions, annotations, rules));
  }
  return means;
}

/** VTimeLLM's SODA_c: of each annotation by itself, then their mean. */
double mean_soda(const Comparison& comparison, MeteorCounter& meteor) {
  std::vector<double> scores;
  for (const CaptionFile& file : comparison.annotations) {
    Means means;
    for (const auto& [video, references] : file.videos) {
      if (!comparison.submission.videos.contains(video)) continue;
      DenseCaptionScorer scorer(DenseCaptionRules::kVTimeLlm, meteor);
      means.add(scorer.soda(predictions_of(comparison, video), references));
    }
    if (!means.has("SODA_c"))
      throw Error(ErrorCode::kMalformed,
                  comparison.submission.file.string() + ": has captions of no video of " + file.file.string());
    scores.push_back(means("SODA_c"));
  }
  return mean_of(scores);
}

void add_detection(const Means& means, DenseCaptionRules rules, std::vector<Score>& scores) {
  std::vector<double> harmonic;
  for (const char* threshold : kThresholdNames) {
    const double precision = means(std::string("Precision") + threshold);
    const double recall = means(std::string("Recall") + threshold);
    harmonic.push_back(harmonic_mean(precision, recall));
    scores.push_back({std::string("Precision") + threshold, precision});
    scores.push_back({std::string("Recall") + threshold, recall});
    if (rules == DenseCaptionRules::kVTimeLlm) scores.push_back({std::string("F1") + threshold, harmonic.back()});
  }
  scores.push_back({"Precision", means.over_thresholds("Precision")});
  scores.push_back({"Recall", means.over_thresholds("Recall")});
  if (rules == DenseCaptionRules::kVTimeLlm) scores.push_back({"F1", mean_of(harmonic)});
  if (rules == DenseCaptionRules::kTimeChat) scores.push_back({"F1", means("F1")});
}

std::vector<std::string> notes_of(const Comparison& comparison, DenseCaptionRules rules) {
  std::vector<std::string> notes;
  if (comparison.missing > 0) {
    notes.push_back(std::to_string(comparison.missing) + " annotated videos have no prediction and " +
                    (counts_all_videos(rules) ? "count as 0." : "are left out."));
  }
  if (comparison.unknown > 0) notes.push_back(std::to_string(comparison.unknown) + " predicted videos are unknown.");
  return notes;
}

}  // namespace

double dense_caption_iou(const Interval& a, const Interval& b) noexcept {
  constexpr double kSmall = 1e-8;
  const double shared = std::max(0.0, std::min(a.stop, b.stop) - std::max(a.start, b.start));
  const double united =
      std::min(std::max(a.stop, b.stop) - std::min(a.start, b.start), b.stop - b.start + a.stop - a.start);
  return shared > 0 ? shared / (united + kSmall) : 0;
}

double DenseCaptionScorer::iou(const Interval& a, const Interval& b) const noexcept {
  if (rules_ != DenseCaptionRules::kTimeChat) return dense_caption_iou(a, b);
  const auto forward = [](const Interval& x) { return Interval{std::min(x.start, x.stop), std::max(x.start, x.stop)}; };
  return dense_caption_iou(forward(a), forward(b));
}

const std::string& DenseCaptionScorer::tokenized(const std::string& sentence) {
  const auto [entry, is_new] = tokens_.try_emplace(sentence);
  const bool keeps_all = rules_ == DenseCaptionRules::kTimeChat;
  if (is_new) entry->second = ptb_tokenized(keeps_all ? sentence : without_non_ascii(sentence));
  return entry->second;
}

const MeteorStatistics& DenseCaptionScorer::count(const std::string& hypothesis, const std::string& reference) {
  const auto [entry, is_new] = counts_.try_emplace({hypothesis, reference});
  if (is_new) entry->second = meteor_.count(hypothesis, reference);
  return entry->second;
}

VideoCaptionScores DenseCaptionScorer::soda(const Captions& predictions, const Captions& references) {
  Captions ours = predictions, theirs = references;
  if (rules_ != DenseCaptionRules::kTimeChat) sort_by_start(ours);
  if (rules_ != DenseCaptionRules::kTimeChat && rules_ != DenseCaptionRules::kSodaBest) sort_by_start(theirs);
  std::vector<std::size_t> order(ours.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (rules_ == DenseCaptionRules::kTimeChat) order = order_of_names(ours.size());
  SodaMatrix overlaps, scores;
  const auto meteor = [&](std::size_t row, std::size_t column) {
    return meteor_score(count(tokenized(theirs[row].sentence), tokenized(ours[order[column]].sentence)));
  };
  for (std::size_t row = 0; row < theirs.size(); ++row) {
    overlaps.emplace_back();
    scores.emplace_back();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double overlap = iou(ours[i].interval, theirs[row].interval);
      overlaps.back().push_back(overlap);
      scores.back().push_back(overlap > 0 ? overlap * meteor(row, i) : 0);
    }
  }
  VideoCaptionScores found;
  const auto add = [&](const SodaNames& names, double sum) {
    const double precision = ours.empty() ? 0 : sum / static_cast<double>(ours.size());
    const double recall = sum / static_cast<double>(theirs.size());
    found[names.precision] = precision;
    found[names.recall] = recall;
    found[names.f1] = harmonic_mean(precision, recall);
  };
  add(SodaNames("SODA_c"), ours.empty() ? 0 : ordered_assignment(scores));
  if (!is_soda(rules_) || ours.empty()) return found;
  add(SodaNames("SODA_d"), ordered_assignment(overlaps));
  add(SodaNames("SODA_b"), sum_over_soda_pairs(overlaps, 0, meteor));
  for (std::size_t t = 0; t < kCaptionThresholds.size(); ++t)
    add(SodaNames("SODA_a", kThresholdNames[t]), sum_over_soda_pairs(overlaps, kCaptionThresholds[t], meteor));
  return found;
}

void DenseCaptionScorer::add_pair_scores(const std::vector<CaptionPair>& pairs, const std::string& threshold,
                                         VideoCaptionScores& scores) {
  MeteorStatistics sum;
  for (const CaptionPair& pair : pairs) sum.add(count(pair.caption, pair.reference));
  scores["METEOR" + threshold] = pairs.empty() ? 0 : meteor_score(sum);
  scores["CIDEr" + threshold] = pairs.empty() ? 0 : mean_of(cider(pairs));
  if (rules_ != DenseCaptionRules::kVTimeLlm) return;
  std::vector<double> rouge;
  for (const CaptionPair& pair : pairs) rouge.push_back(rouge_l(pair));
  scores["Rouge-L" + threshold] = pairs.empty() ? 0 : mean_of(rouge);
  const std::array<double, 4> of_words = pairs.empty() ? std::array<double, 4>{} : bleu(pairs);
  for (std::size_t n = 0; n < of_words.size(); ++n) scores["Bleu_" + std::to_string(n + 1) + threshold] = of_words[n];
}

void DenseCaptionScorer::add_detection_scores(const Captions& predictions, const std::vector<Captions>& annotations,
                                              VideoCaptionScores& scores) const {
  double precisions = 0, recalls = 0;
  for (std::size_t t = 0; t < kCaptionThresholds.size(); ++t) {
    double precision = 0, recall = 0;
    for (const Captions& references : annotations) {
      std::set<const Caption*> covered, found;
      for (const Caption& prediction : predictions) {
        for (const Caption& reference : references) {
          if (iou(prediction.interval, reference.interval) <= kCaptionThresholds[t]) continue;
          found.insert(&prediction);
          covered.insert(&reference);
        }
      }
      const auto share = [](std::size_t part, std::size_t all) {
        return static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(all, 1));
      };
      precision = std::max(precision, share(found.size(), predictions.size()));
      recall = std::max(recall, share(covered.size(), references.size()));
    }
    scores[std::string("Precision") + kThresholdNames[t]] = precision;
    scores[std::string("Recall") + kThresholdNames[t]] = recall;
    precisions += precision / kCaptionThresholds.size();
    recalls += recall / kCaptionThresholds.size();
  }
  if (rules_ == DenseCaptionRules::kTimeChat) scores["F1"] = harmonic_mean(precisions, recalls);
}

VideoCaptionScores DenseCaptionScorer::pairs(const Captions& all, const std::vector<Captions>& annotations) {
  const bool is_cut = rules_ != DenseCaptionRules::kTimeChat && all.size() > kMostProposals;
  const Captions predictions(all.begin(), is_cut ? all.begin() + kMostProposals : all.end());
  VideoCaptionScores scores;
  for (std::size_t t = 0; t < kCaptionThresholds.size(); ++t) {
    std::vector<CaptionPair> pairs;
    for (const Caption& prediction : predictions) {
      const std::size_t before = pairs.size();
      for (const Captions& references : annotations) {
        for (const Caption& reference : references) {
          if (iou(prediction.interval, reference.interval) >= kCaptionThresholds[t])
            pairs.push_back({tokenized(prediction.sentence), tokenized(reference.sentence)});
        }
      }
      if (pairs.size() == before) pairs.push_back({tokenized(prediction.sentence), kNoReference});
    }
    add_pair_scores(pairs, kThresholdNames[t], scores);
  }
  add_detection_scores(predictions, annotations, scores);
  return scores;
}

ScoreReport score_dense_captions(const std::vector<fs::path>& annotations, const fs::path& submission,
                                 DenseCaptionRules named, MeteorCounter& meteor) {
  const Comparison comparison = comparison_of(annotations, submission, named);
  // A log is only another file of the same.
  const auto rules = named == DenseCaptionRules::kVTimeLlmLog ? DenseCaptionRules::kVTimeLlm : named;
  if (is_soda(rules)) check_not_empty(comparison);
  const Means means = means_of(comparison, rules, meteor);
  ScoreReport report{"activitynet-dense-captions",
                     name_of(kDenseCaptionRules, named),
                     static_cast<std::int64_t>(comparison.videos.size()),
                     {},
                     notes_of(comparison, rules)};
  if (rules == DenseCaptionRules::kVTimeLlm) report.scores.push_back({"SODA_c", mean_soda(comparison, meteor)});
  for (const char* name : {"SODA_c", "SODA_c precision", "SODA_c recall"}) {
    if (means.has(name)) report.scores.push_back({name, means(name)});
  }
  if (is_soda(rules)) {
    for (const char* name : {"SODA_a", "SODA_a precision", "SODA_a recall"})
      report.scores.push_back({name, means.over_thresholds(name)});
    for (const char* name :
         {"SODA_b", "SODA_b precision", "SODA_b recall", "SODA_d", "SODA_d precision", "SODA_d recall"})
      report.scores.push_back({name, means(name)});
    return report;
  }
  for (const char* name : {"METEOR", "CIDEr", "Rouge-L", "Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4"}) {
    if (means.has(std::string(name) + kThresholdNames[0])) report.scores.push_back({name, means.over_thresholds(name)});
  }
  for (const char* name : {"METEOR", "CIDEr"}) {
    for (const char* threshold : kThresholdNames)
      report.scores.push_back({std::string(name) + threshold, means(std::string(name) + threshold)});
  }
  add_detection(means, rules, report.scores);
  return report;
}

}  // namespace gvl::evaluation
