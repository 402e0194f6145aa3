/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/thing_scores.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

#include "vision/object_features.hpp"

namespace gvl::model {
namespace {

using At = vision::ObjectFeature;
using text::ThingMention;
using text::ThingNumbers;

/** The rows of one picture. */
class PictureRows {
 public:
  PictureRows(const float* rows, std::int64_t objects) : rows_(rows), objects_(objects) {}

  /** Of the strongest place of any of these, seen as an object or not. */
  double strongest(const ThingNumbers& things) const { return best(rows_, things); }

  /** Of the `number`th of the objects, 1 being the surest of them; 0 where there are fewer. */
  double of_object(const ThingNumbers& things, std::int64_t number) const {
    std::vector<double> scores;
    for (std::int64_t i = 1; i <= objects_; ++i) scores.push_back(best(row(i), things));
    if (number > objects_) return 0;
    const auto wanted = scores.begin() + number - 1;
    std::nth_element(scores.begin(), wanted, scores.end(), std::greater<>());
    return *wanted;
  }

  /** The best object where one of a colour counts fully, others in part. */
  double coloured(const ThingMention& mention, const ThingScoring& scoring) const {
    double most = 0;
    for (std::int64_t i = 1; i <= objects_; ++i) {
      double share = 0;
      for (const std::size_t colour : mention.colours)
        share += row(i)[At::kColours + static_cast<std::int64_t>(colour)];
      const double fits = std::min(1.0, scoring.colour_gain * share);
      const double factor = scoring.without_colour + (1 - scoring.without_colour) * fits;
      most = std::max(most, best(row(i), mention.things) * factor);
    }
    // A place that is no object has no colour that is known.
    return std::max(most, strongest(mention.things) * scoring.without_colour);
  }

 private:
  const float* row(std::int64_t number) const { return rows_ + number * vision::kObjectFeatures; }

  static double best(const float* row, const ThingNumbers& things) {
    float most = 0;
    for (const std::size_t thing : things) most = std::max(most, row[At::kScores + static_cast<std::int64_t>(thing)]);
    return most;
  }

  const float* rows_;
  std::int64_t objects_;
};

double score_of(const PictureRows& picture, const ThingMention& mention, const ThingScoring& scoring) {
  if (mention.none) return 1 - picture.strongest(mention.things);
  if (mention.count > 1) return picture.of_object(mention.things, mention.count);
  return mention.colours.empty() ? picture.strongest(mention.things) : picture.coloured(mention, scoring);
}

/** How sure something of `beside` is there that is not sought. */
double company(const PictureRows& picture, const text::SoughtThings& sought, const ThingNumbers& beside) {
  ThingNumbers others = beside;
  double most = 0;
  for (const ThingMention& mention : sought.mentions) {
    for (const std::size_t thing : mention.things) others.erase(thing);
    if (!mention.none) most = std::max(most, picture.of_object(mention.things, mention.count + 1));
  }
  return std::max(most, picture.strongest(others));
}

}  // namespace

std::vector<double> thing_scores(const at::Tensor& rows, std::int64_t objects, const text::SoughtThings& sought,
                                 const ThingNumbers& beside, const ThingScoring& scoring) {
  const std::int64_t of_a_picture = (objects + 1) * vision::kObjectFeatures;
  const std::int64_t pictures = rows.numel() / of_a_picture;
  std::vector<double> scores(static_cast<std::size_t>(pictures), sought.mentions.empty() ? 0 : 1);
  for (std::int64_t i = 0; i < pictures; ++i) {
    const PictureRows picture(rows.data_ptr<float>() + i * of_a_picture, objects);
    double& score = scores[static_cast<std::size_t>(i)];
    for (const ThingMention& mention : sought.mentions) score = std::min(score, score_of(picture, mention, scoring));
    if (sought.alone) score *= 1 - company(picture, sought, beside);
  }
  return scores;
}

}  // namespace gvl::model
