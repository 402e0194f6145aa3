/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/query_key_matching.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <vector>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x6D61746368;
// Within the farthest distance a slow dimension turns by less.
constexpr double kTurned = 1.5;
// A thing is looked for among all keyframes' tokens.
constexpr double kThingStrength = 1.5;
// Of what is copied of it, and of what is said when it is seen: hidden states are long by then.
constexpr double kMomentGain = 6, kHappensGain = 6;
// What being a picture adds to a score, and what the very first token has above one that shows nothing of what is
// sought. How long behind the norm what these are known by is, and what says that they are looked at.
constexpr double kPictureScore = 16, kNothingScore = 5.5;
constexpr double kPictureShare = 11, kNothingShare = 11, kLooksShare = 4;
// Heads that look for what is seen.
constexpr std::int64_t kSeenHeads = 2;
// Of what is copied; every head adds its part.
constexpr double kValueGain = 0.5;

at::Tensor unit_rows(at::Tensor rows) { return rows.div(rows.norm(2, 1, /*keepdim=*/true)); }

}  // namespace

double rope_speed(const LanguageModelConfig& config, std::int64_t i) {
  return std::pow(config.rope_theta, -2 * static_cast<double>(i) / static_cast<double>(config.head_size()));
}

at::Tensor without(const at::Tensor& rows, const at::Tensor& direction) {
  return rows.sub(at::outer(at::matmul(rows, direction), direction));
}

std::vector<std::int64_t> slow_dimensions(const LanguageModelConfig& config, std::int64_t farthest) {
  const std::int64_t half = config.head_size() / 2;
  std::vector<std::int64_t> slow;
  for (const std::int64_t first : {std::int64_t{0}, half}) {
    for (std::int64_t i = 0; i < half; ++i) {
      if (rope_speed(config, i) * static_cast<double>(farthest) < kTurned) slow.push_back(first + i);
    }
  }
  return slow;
}

EventCodes event_codes(const EventClasses& classes, std::int64_t hidden_size) {
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const auto draw = [&](std::int64_t count) {
    return unit_rows(at::randn({count, hidden_size}, generator, at::kFloat));
  };
  // Of events first, so that they do not depend on what else there is.
  const at::Tensor shown = draw(3 * classes.events), asked = draw(classes.events);
  const at::Tensor option = draw(2 + EventCodes::kOptions);
  if (classes.things == 0) return {shown, asked, option};
  if (2 * classes.things > hidden_size) {
    throw Error(ErrorCode::kInvalidArgument, "a model with a hidden_size of " + std::to_string(hidden_size) +
                                                 " has no room for what becomes of " + std::to_string(classes.things) +
                                                 " things");
  }
  generator = at::detail::createCPUGenerator(kSeed + 2);
  const at::Tensor things =
      std::get<0>(at::linalg_qr(at::randn({hidden_size, 2 * classes.things}, generator, at::kFloat))).t();
  const at::Tensor begins = things.narrow(0, classes.things, classes.things);
  const at::Tensor of_things[] = {things.narrow(0, 0, classes.things), begins, begins.neg()};
  std::vector<at::Tensor> phases;
  for (std::int64_t i = 0; i < 3; ++i) {
    if (classes.events > 0) phases.push_back(shown.narrow(0, i * classes.events, classes.events));
    phases.push_back(of_things[i]);
  }
  return {at::cat(phases), at::cat({asked, of_things[0]}), option};
}

namespace {

/** What queries and keys compare of codes [classes, H]: for each head its part of [heads, head size, H]. */
class Matching {
 public:
  /** `but_last`: the last of a head's dimensions is kept for something else. */
  explicit Matching(const LanguageModelConfig& config, std::int64_t farthest = kFarthestFrame, bool but_last = false)
      : config_(config) {
    std::vector<std::int64_t> slow = slow_dimensions(config, farthest);
    if (but_last) slow.pop_back();
    dimensions_ = at::tensor(slow, at::kLong);
    queries_ = at::zeros({config.heads, config.head_size(), config.hidden_size});
    keys_ = queries_.clone();
  }

  void add(const at::Tensor& asked, const at::Tensor& begins, const at::Tensor& ends, at::Generator& generator,
           double strength = 1) {
    for (std::int64_t i = 0; i < config_.heads; ++i) {
      add(i, asked, 2 * i < config_.heads ? begins : ends, generator, strength);
    }
  }

  /** Head `head` looks from `queries` to `keys`, codes [classes, H]. */
  void add(std::int64_t head, const at::Tensor& queries, const at::Tensor& keys, at::Generator& generator,
           double strength) {
    const at::Tensor mix = at::randn({dimensions_.size(0), queries.size(0)}, generator, at::kFloat)
                               .mul(strength / std::sqrt(static_cast<double>(dimensions_.size(0))));
    queries_[head].index_add_(0, dimensions_, at::matmul(mix, queries));
    keys_[head].index_add_(0, dimensions_, at::matmul(mix, keys));
  }

  /** Adds the product of two directions [H] to the scores of head `head`, where RoPE turns least. */
  void add(std::int64_t head, const at::Tensor& query, const at::Tensor& key) {
    const std::int64_t last = config_.head_size() - 1;
    queries_[head][last].add_(query);
    keys_[head][last].add_(key);
  }

  at::Tensor queries_and_keys() const { return at::cat({queries_.flatten(0, 1), keys_.flatten(0, 1)}); }

 private:
  const LanguageModelConfig& config_;
  at::Tensor dimensions_, queries_, keys_;
};

void check_heads(const LanguageModelConfig& config, std::int64_t least) {
  if (config.kv_heads == config.heads && !slow_dimensions(config).empty() && least <= config.head_size()) return;
  throw Error(ErrorCode::kInvalidArgument,
              "initialisation: matching needs a language model with as many kv_heads as heads, heads of " +
                  std::to_string(least) + " dimensions and a larger rope_theta");
}

/** The part of `codes` that is of the phase's events, or of its things. */
at::Tensor of_phase(const EventCodes& codes, const EventClasses& classes, std::int64_t phase, bool things) {
  return codes.shown.narrow(0, phase * classes.count() + (things ? classes.events : 0),
                            things ? classes.things : classes.events);
}

}  // namespace

AttentionValues query_key_matching(const LanguageModelConfig& config, const EventClasses& classes,
                                   const at::Tensor& moments) {
  check_heads(config, moments.size(0));
  const EventCodes codes = event_codes(classes, config.hidden_size);
  const std::int64_t head = config.head_size();
  const at::Tensor span = std::get<0>(at::linalg_qr(moments.t())).t();
  at::Generator generator = at::detail::createCPUGenerator(kSeed + 1);
  Matching matching(config);
  matching.add(codes.asked.narrow(0, 0, classes.events), of_phase(codes, classes, 1, false),
               of_phase(codes, classes, 2, false), generator);
  at::Tensor attention = matching.queries_and_keys();
  if (classes.things > 0) attention = attention.add(thing_matching(config, classes, kFarthestFrame));
  const at::Tensor values = at::zeros({config.heads, head, config.hidden_size});
  for (std::int64_t i = 0; i < config.heads; ++i) values[i].narrow(0, 0, span.size(0)).copy_(span);
  return {at::cat({attention, values.flatten(0, 1).mul(kValueGain)}), values.flatten(0, 1).t().contiguous()};
}

at::Tensor thing_matching(const LanguageModelConfig& config, const EventClasses& classes, std::int64_t farthest) {
  check_heads(config, 1);
  const EventCodes codes = event_codes(classes, config.hidden_size);
  at::Generator generator = at::detail::createCPUGenerator(kSeed + 3);
  Matching matching(config, farthest);
  matching.add(codes.asked.narrow(0, classes.events, classes.things), of_phase(codes, classes, 1, true),
               of_phase(codes, classes, 2, true), generator, kThingStrength);
  return matching.queries_and_keys();
}

AttentionValues thing_matching_layer(const LanguageModelConfig& config, const EventClasses& classes,
                                     const FoundThings& found, std::int64_t farthest) {
  const std::int64_t count = found.moments.size(0), head = config.head_size();
  check_heads(config, count);
  const EventCodes codes = event_codes(classes, config.hidden_size);
  const at::Tensor seen = of_phase(codes, classes, 0, true), begins = of_phase(codes, classes, 1, true);
  at::Generator generator = at::detail::createCPUGenerator(kSeed + 3);
  Matching matching(config, farthest, /*but_last=*/true);
  const double strength = std::sqrt(kPictureScore * std::sqrt(static_cast<double>(head)));
  at::Tensor values = at::zeros({config.heads, head, config.hidden_size});
  at::Tensor out = values.clone();
  for (std::int64_t i = 0; i < config.heads; ++i) {
    const bool finds_times = i + kSeenHeads < config.heads;
    const at::Tensor& sought = finds_times ? begins : seen;
    matching.add(i, sought, sought, generator, kThingStrength);
    at::Tensor known = found.picture.div(kPictureShare);
    if (!finds_times) known = known.add(found.nothing, (1 + kNothingScore / kPictureScore) / kNothingShare);
    matching.add(i, found.looks.mul(strength / kLooksShare), known.mul(strength));
    if (finds_times) {
      values[i].narrow(0, 0, count).copy_(found.moments);
      out[i].narrow(0, 0, count).copy_(found.moments.mul(kMomentGain));
    } else {
      values[i][0] = found.picture;
      out[i][0] = found.happens.mul(kHappensGain);
    }
  }
  const at::Tensor qkv[] = {matching.queries_and_keys(), values.flatten(0, 1)};
  return {at::cat(at::TensorList(qkv)), out.flatten(0, 1).t().contiguous()};
}

}  // namespace gvl::training
