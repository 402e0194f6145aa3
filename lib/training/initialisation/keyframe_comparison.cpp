/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/keyframe_comparison.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <vector>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x6265666F7265;
// A head's pairs of dimensions that tell neighbouring keyframes apart, and what each adds to the score of the right
// one.
constexpr std::int64_t kFirstTurn = 0, kTurns = 4;
constexpr double kScore = 5;
// How much of a picture's token, behind the norm, is what it is known by.
constexpr double kPictureShare = 7;
// Of what is seen, in what begins and ends.
constexpr double kGain = 90;

}  // namespace

AttentionValues keyframe_comparison(const ModelConfig& model, const EventClasses& classes, const at::Tensor& picture) {
  const LanguageModelConfig& config = model.language;
  const std::int64_t width = config.hidden_size, head = config.head_size(), half = config.heads / 2;
  if (config.kv_heads != config.heads || config.heads % 2 != 0 || half * head < classes.things ||
      head / 2 < kFirstTurn + kTurns) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation: comparing keyframes needs a language model with as many kv_heads as heads, an even "
                "number of them, and half of them together as wide as there are things");
  }
  // Between keyframes lies what belongs to one of them; between segments stands a token more.
  const double keyframe =
      static_cast<double>(model.tokens_per_segment()) / static_cast<double>(model.spatial.keyframes);
  const double strength = std::sqrt(kScore * std::sqrt(static_cast<double>(head))) / kPictureShare;
  const at::Tensor known = picture.div(picture.norm());
  const auto looking_back = [&](std::int64_t number, double tokens) {
    at::Tensor queries = at::zeros({head}, at::kFloat), keys = queries.clone();
    for (std::int64_t i = kFirstTurn; i < kFirstTurn + kTurns; ++i) {
      const double angle =
          tokens * std::pow(config.rope_theta, -2 * static_cast<double>(i) / static_cast<double>(head));
      queries[i] = strength;
      keys[i] = strength * std::cos(angle);
      keys[i + head / 2] = strength * std::sin(angle);
    }
    return at::outer(number == 0 ? queries : keys, known);
  };
  const EventCodes codes = event_codes(classes, width);
  const auto phase = [&](std::int64_t number) {
    return codes.shown.narrow(0, number * classes.count() + classes.events, classes.things);
  };
  // [half * head, things] with orthonormal columns: nothing of a thing gets lost between values and output.
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const at::Tensor mixed = std::get<0>(at::linalg_qr(at::randn({half * head, classes.things}, generator, at::kFloat)));
  const at::Tensor values = at::matmul(mixed, phase(0));
  const at::Tensor change = at::matmul(phase(1).t(), mixed.t()).mul(kGain);
  std::vector<at::Tensor> rows;
  for (const std::int64_t number : {0, 1}) {
    for (std::int64_t i = 0; i < config.heads; ++i) rows.push_back(looking_back(number, i < half ? 0 : keyframe));
  }
  rows.push_back(values);
  rows.push_back(values);
  const at::Tensor out[] = {change, change.neg()};
  return {at::cat(rows), at::cat(at::TensorList(out), 1)};
}

}  // namespace gvl::training
