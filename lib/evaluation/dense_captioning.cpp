/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/dense_captioning.hpp"

#include <algorithm>
#include <tuple>

#include "evaluation/meteor.hpp"
#include "gvl/error.hpp"

namespace gvl::evaluation {
namespace {

double harmonic_mean(double a, double b) { return a + b > 0 ? 2 * a * b / (a + b) : 0; }

void check_references(const Captions& references) {
  for (const Caption& caption : references) {
    if (is_valid(caption.interval)) continue;
    throw Error(ErrorCode::kInvalidArgument, "the interval of a reference caption is reversed or not finite");
  }
}

Captions in_order(Captions captions) {
  // Predictions that are not valid score nothing wherever they stand, and NaN would spoil the sorting.
  const auto valid = [](const Caption& caption) { return is_valid(caption.interval); };
  const auto end = std::stable_partition(captions.begin(), captions.end(), valid);
  std::stable_sort(captions.begin(), end, [](const Caption& a, const Caption& b) {
    return std::tie(a.interval.start, a.interval.stop) < std::tie(b.interval.start, b.interval.stop);
  });
  return captions;
}

void add_weighted(DenseCaptioningScore& sum, const DenseCaptioningScore& score, double weight) {
  sum.soda.precision += weight * score.soda.precision;
  sum.soda.recall += weight * score.soda.recall;
  sum.soda.f1 += weight * score.soda.f1;
  sum.meteor += weight * score.meteor;
  for (std::size_t i = 0; i < sum.meteor_at.size(); ++i) sum.meteor_at[i] += weight * score.meteor_at[i];
}

}  // namespace

// The recurrence of SODA's section on optimal matching: S[i][j] = max(S[i-1][j], S[i][j-1], S[i-1][j-1] + C[i][j]).
double ordered_assignment(const std::vector<std::vector<double>>& scores) {
  std::vector<double> best(scores.empty() ? 1 : scores.front().size() + 1);
  for (const std::vector<double>& row : scores) {
    double diagonal = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double above = best[j + 1];
      best[j + 1] = std::max({above, best[j], diagonal + row[j]});
      diagonal = above;
    }
  }
  return best.back();
}

// SODA_c of Fujita, Hirao, Kamigaito, Okumura and Nagata, "SODA: Story Oriented Dense Video Captioning Evaluation
// Framework", ECCV 2020: C[i][j] = IoU(i, j) METEOR(i, j); precision and recall divide the best ordered sum by the
// number of predictions and of references. METEOR is that of meteor.hpp.
PrecisionRecall soda_c(const Captions& predictions, const Captions& references) {
  check_references(references);
  if (predictions.empty() || references.empty()) return {};
  const Captions ordered_references = in_order(references);
  std::vector<std::vector<double>> scores;
  for (const Caption& prediction : in_order(predictions)) {
    std::vector<double>& row = scores.emplace_back();
    for (const Caption& reference : ordered_references) {
      const double iou = temporal_iou(prediction.interval, reference.interval);
      row.push_back(iou > 0 ? iou * meteor(prediction.sentence, reference.sentence) : 0);
    }
  }
  const double sum = ordered_assignment(scores);
  const double precision = sum / static_cast<double>(predictions.size());
  const double recall = sum / static_cast<double>(references.size());
  return {precision, recall, harmonic_mean(precision, recall)};
}

// As the authors' release does with --multi_reference; without it, it merges all sets into one.
PrecisionRecall soda_c(const Captions& predictions, const std::vector<Captions>& reference_sets) {
  PrecisionRecall best;
  for (const Captions& references : reference_sets) {
    const PrecisionRecall score = soda_c(predictions, references);
    if (score.f1 > best.f1) best = score;
  }
  return best;
}

// Krishna et al., "Dense-Captioning Events in Videos", ICCV 2017, with the pairs of the ActivityNet challenge's
// evaluation. A video's METEOR is the mean of its pairs' scores here, not METEOR of their summed statistics.
double caption_meteor(const Captions& predictions, const std::vector<Captions>& reference_sets, double threshold) {
  for (const Captions& references : reference_sets) check_references(references);
  double sum = 0;
  std::size_t pairs = 0;
  for (const Caption& prediction : predictions) {
    const std::size_t before = pairs;
    for (const Captions& references : reference_sets) {
      for (const Caption& reference : references) {
        if (temporal_iou(prediction.interval, reference.interval) < threshold) continue;
        sum += meteor(prediction.sentence, reference.sentence);
        ++pairs;
      }
    }
    pairs += pairs == before;
  }
  return pairs ? sum / static_cast<double>(pairs) : 0;
}

DenseCaptioningScore dense_captioning_score(const Captions& predictions, const std::vector<Captions>& reference_sets) {
  const auto has_captions = [](const Captions& references) { return !references.empty(); };
  if (std::none_of(reference_sets.begin(), reference_sets.end(), has_captions)) {
    throw Error(ErrorCode::kInvalidArgument, "a video has no reference captions");
  }
  DenseCaptioningScore score;
  score.count = 1;
  score.soda = soda_c(predictions, reference_sets);
  for (std::size_t i = 0; i < kCaptionThresholds.size(); ++i) {
    score.meteor_at[i] = caption_meteor(predictions, reference_sets, kCaptionThresholds[i]);
    score.meteor += score.meteor_at[i] / static_cast<double>(kCaptionThresholds.size());
  }
  return score;
}

DenseCaptioningScore mean(const std::vector<DenseCaptioningScore>& videos) {
  DenseCaptioningScore result;
  for (const DenseCaptioningScore& video : videos) result.count += video.count;
  for (const DenseCaptioningScore& video : videos) {
    if (video.count == 0) continue;
    add_weighted(result, video, static_cast<double>(video.count) / static_cast<double>(result.count));
  }
  return result;
}

}  // namespace gvl::evaluation
