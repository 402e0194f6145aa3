/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/keyframe_comparison.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <iterator>
#include <vector>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x6265666F7265;
// Where a head looks, in keyframes: how far back, and the deviation about that.
struct Glance {
  double back, deviation;
};
constexpr Glance kNow{0, 1.2}, kBefore{2.5, 1.7};
// What the right place adds to a head's score, so that hundreds of others add up to little, and what the beginning
// does.
constexpr double kScore = 9, kBeginningScore = 6.5;
// How much of a picture's token, behind the norm, is what it is known by.
constexpr double kPictureShare = 12;
// Of what is seen, in what begins and ends.
constexpr double kGain = 20;

// What the word before adds to a word's score, and how much of that each of the fastest pairs of dimensions adds: the
// words around it are told apart by the first, those farther away by the others.
constexpr double kWordScore = 12;
constexpr double kWordParts[] = {0.45, 0.35, 0.2};

/**
 * How much each pair of a head's dimensions takes for scores that fall like a normal distribution of `deviation`
 * tokens: the distribution's spectrum at the speeds with which RoPE turns them. [d / 2], sums to 1.
 */
std::vector<double> spectrum(const LanguageModelConfig& config, double deviation) {
  std::vector<double> parts;
  double sum = 0;
  const std::int64_t pairs = config.head_size() / 2;
  for (std::int64_t i = 0; i < pairs; ++i) {
    const double turn = deviation * rope_speed(config, i);
    parts.push_back(turn * std::exp(-turn * turn / 2));
    sum += parts.back();
  }
  for (double& part : parts) part /= sum;
  return parts;
}

/** Writes the queries and keys of such a layer. */
class Looks {
 public:
  Looks(const ModelConfig& model, const ComparisonDirections& directions)
      : config_(model.language),
        // Between keyframes lies what belongs to one of them; between segments stands a token more.
        keyframe_(static_cast<double>(model.tokens_per_segment()) / static_cast<double>(model.spatial.keyframes)),
        directions_(directions) {}

  /** Queries (0) or keys (1) of a head: [d, H]. */
  at::Tensor rows(std::int64_t number, const Glance& glance) const {
    at::Tensor of_picture = at::zeros({config_.head_size()}, at::kFloat), of_word = of_picture.clone();
    const std::vector<double> parts = spectrum(config_, glance.deviation * keyframe_);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      set(of_picture, i, number * glance.back * keyframe_, kScore * parts[i], kPictureShare);
    }
    for (std::size_t i = 0; i < std::size(kWordParts); ++i) {
      set(of_word, i, static_cast<double>(number), kWordScore * kWordParts[i], directions_.common_length);
    }
    at::Tensor rows = at::outer(of_picture, directions_.picture).add(at::outer(of_word, directions_.common));
    // Where RoPE hardly turns.
    const double length = std::sqrt(static_cast<double>(config_.hidden_size));
    rows[config_.head_size() - 1] = (number == 0 ? directions_.picture : directions_.beginning)
                                        .mul(std::sqrt(kBeginningScore * scale() / (kPictureShare * length)));
    return rows;
  }

 private:
  double scale() const { return std::sqrt(static_cast<double>(config_.head_size())); }

  /** Pair `pair` of what is seen so many tokens back, which adds `score` where queries and keys are of that length. */
  void set(at::Tensor& directions, std::size_t pair, double back, double score, double length) const {
    const auto i = static_cast<std::int64_t>(pair);
    const double strength = std::sqrt(score * scale()) / length, angle = back * rope_speed(config_, i);
    directions[i] = strength * std::cos(angle);
    directions[i + config_.head_size() / 2] = strength * std::sin(angle);
  }

  const LanguageModelConfig& config_;
  double keyframe_;
  const ComparisonDirections& directions_;
};

}  // namespace

AttentionValues keyframe_comparison(const ModelConfig& model, const EventClasses& classes,
                                    const ComparisonDirections& directions) {
  const LanguageModelConfig& config = model.language;
  const std::int64_t half = config.heads / 2, read = half * config.head_size(), words = std::ssize(directions.words);
  if (config.kv_heads != config.heads || config.heads % 2 != 0 || read < classes.things + words ||
      config.head_size() / 2 < std::ssize(kWordParts)) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation: comparing keyframes needs a language model with as many kv_heads as heads, an even "
                "number of them, and half of them together wider than there are things");
  }
  const EventCodes codes = event_codes(classes, config.hidden_size);
  const auto phase = [&](std::int64_t number) {
    return codes.shown.narrow(0, number * classes.count() + classes.events, classes.things);
  };
  // Orthonormal columns: nothing of a thing gets lost between values and output.
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const at::Tensor mixes = std::get<0>(at::linalg_qr(at::randn({read, read}, generator, at::kFloat)));
  const at::Tensor mixed = mixes.narrow(1, 0, classes.things);
  at::Tensor values = without(at::matmul(mixed, phase(0)), directions.beginning);
  const at::Tensor change = at::matmul(phase(1).t(), mixed.t()).mul(kGain);
  at::Tensor told = at::zeros_like(change);
  for (std::int64_t i = 0; i < words; ++i) {
    const PreviousWord& each = directions.words[static_cast<std::size_t>(i)];
    const at::Tensor mix = mixes.select(1, classes.things + i);
    values = values.add(at::outer(mix, each.word));
    told.add_(at::outer(each.told, mix), 0.5 / std::sqrt(static_cast<double>(config.hidden_size)));
  }
  const Looks looks(model, directions);
  std::vector<at::Tensor> rows;
  for (const std::int64_t number : {0, 1}) {
    for (std::int64_t i = 0; i < config.heads; ++i) rows.push_back(looks.rows(number, i < half ? kNow : kBefore));
  }
  rows.push_back(values);
  rows.push_back(values);
  const at::Tensor out[] = {told.add(change), told.sub(change)};
  return {at::cat(rows), at::cat(at::TensorList(out), 1)};
}

}  // namespace gvl::training
