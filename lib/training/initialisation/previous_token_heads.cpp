/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/previous_token_heads.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x776F726473;
constexpr const char* kEmbeddings = "language_model.model.embed_tokens.weight";
constexpr const char* kLayer = "language_model.model.layers.0.";
// The length of what is common beside that of a token.
constexpr double kCommonLength = 0.36;
// Scores of a word itself fall by 1 within a head's reach; words stand so far above the video, which has nothing
// common.
constexpr double kHeight = 4, kAboveVideo = 3;
// Words, from head to head.
constexpr double kFirstReach = 2, kReachGrowth = 2.7;
// Turns that are added up, so that a word is far away by at least one of them.
constexpr int kTurns = 3;
// Of what the head that they are like adds.
constexpr double kValueGain = 0.5;

/** The pair of a head's dimensions that turns no faster than falls by 1 of kHeight within `reach` words. */
std::int64_t first_turn(const LanguageModelConfig& config, double reach) {
  const std::int64_t pairs = config.head_size() / 2;
  const double fastest = std::acos(1 - 1 / kHeight) / reach;
  std::int64_t pair = 0;
  while (pair < pairs - kTurns - 1 &&
         std::pow(config.rope_theta, -static_cast<double>(pair) / static_cast<double>(pairs)) > 1.02 * fastest) {
    ++pair;
  }
  return pair;
}

/** How long what is common is behind the norm, where a token's length is sqrt(H). */
double normed_share(const LanguageModelConfig& config) {
  return kCommonLength * std::sqrt(static_cast<double>(config.hidden_size) / (1 + kCommonLength * kCommonLength));
}

}  // namespace

PreviousTokenHeads::PreviousTokenHeads(PreviousTokenHeadsOptions options, const LanguageModelConfig& config)
    : options_(std::move(options)), config_(config) {
  const auto known = [&](std::int64_t head) { return head >= 0 && head < config.heads; };
  const auto given = [&](std::int64_t head) { return std::count(options_.heads.begin(), options_.heads.end(), head); };
  const auto twice = [&](std::int64_t head) { return given(head) > 1; };
  if (!std::all_of(options_.heads.begin(), options_.heads.end(), known) ||
      (options_.like >= 0 && !known(options_.like))) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation.previous_token_heads names a head that the language model does not have: it has " +
                    std::to_string(config.heads));
  }
  if (given(options_.like) > 0 || std::any_of(options_.heads.begin(), options_.heads.end(), twice)) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation.previous_token_heads gives up a head twice, or the one to be like");
  }
  if (config.kv_heads != config.heads || config.head_size() / 2 <= kTurns) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "initialisation.previous_token_heads needs a language model with as many kv_heads as heads and more than " +
            std::to_string(2 * kTurns) + " dimensions a head");
  }
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const at::Tensor direction = at::randn({config.hidden_size}, generator, at::kFloat);
  common_ = direction.div(direction.norm());
}

/** A matrix behind a norm of `gain` that no longer sees what is common. */
at::Tensor PreviousTokenHeads::forget(const at::Tensor& weight, const at::Tensor& gain) const {
  return weight.sub(at::outer(weight.matmul(gain.mul(common_)), common_.div(gain)));
}

at::Tensor PreviousTokenHeads::with_common(const at::Tensor& tokens) const {
  const at::Tensor rest = tokens.sub(at::outer(tokens.matmul(common_), common_));
  return rest.add(at::outer(rest.norm(2, 1).mul(kCommonLength), common_));
}

/** Of a head's dimensions, how much they take of what is common. `share` is what the norm makes of its length. */
at::Tensor PreviousTokenHeads::scales(double words, double share) const {
  const std::int64_t head = config_.head_size(), turn = first_turn(config_, words);
  const auto strength = [&](double score) { return std::sqrt(score * std::sqrt(static_cast<double>(head))) / share; };
  at::Tensor scales = at::zeros({head}, at::kFloat);
  for (std::int64_t i = 0; i < kTurns; ++i) scales[turn + i] = strength(kHeight);
  scales[head / 2 - 1] = strength(kAboveVideo);  // hardly turns
  return scales;
}

double PreviousTokenHeads::normed_length() const { return normed_share(config_); }

at::Tensor PreviousTokenHeads::looking_back(double words) const {
  return at::outer(scales(words, normed_share(config_)), common_);
}

at::Tensor PreviousTokenHeads::attention(const at::Tensor& qkv, const at::Tensor& gain, double share) const {
  const std::int64_t head = config_.head_size(), width = config_.hidden_size;
  at::Tensor changed = forget(qkv, gain);
  double reach = kFirstReach;
  for (const std::int64_t each : options_.heads) {
    const at::Tensor rows = at::outer(scales(reach, share), common_.div(gain));
    changed.narrow(0, each * head, head).copy_(rows);
    changed.narrow(0, width + each * head, head).copy_(rows);
    if (options_.like >= 0) {
      changed.narrow(0, 2 * width + each * head, head).copy_(changed.narrow(0, 2 * width + options_.like * head, head));
    }
    reach *= kReachGrowth;
  }
  return changed;
}

at::Tensor PreviousTokenHeads::output(const at::Tensor& o) const {
  const std::int64_t head = config_.head_size();
  at::Tensor changed = o.clone();
  if (options_.like < 0) return changed;
  for (const std::int64_t each : options_.heads) {
    changed.narrow(1, each * head, head).copy_(o.narrow(1, options_.like * head, head).mul(kValueGain));
  }
  return changed;
}

at::Tensor PreviousTokenHeads::value(const std::string& name, const std::vector<std::int64_t>& shape,
                                     const ParameterSet::Origin& before) const {
  const std::string layer = kLayer;
  const auto old = [&] { return before(name, shape); };
  const auto gain = [&](const char* norm) {
    const at::Tensor weight = before(layer + norm + ".weight", {config_.hidden_size});
    if (weight.eq(0).any().item<bool>()) {
      throw Error(ErrorCode::kInvalidArgument,
                  "initialisation.previous_token_heads: " + layer + norm + ".weight holds a 0");
    }
    return weight;
  };
  if (name == kEmbeddings) {
    const at::Tensor tokens = old();
    const double length = tokens.norm(2, 1).mean().item<double>();
    return tokens.sub(at::outer(tokens.matmul(common_), common_)).add(common_, kCommonLength * length);
  }
  if (name == layer + "self_attn.qkv_proj.weight") {
    return attention(old(), gain("input_layernorm"), normed_share(config_));
  }
  if (name == layer + "self_attn.o_proj.weight") return output(old());
  if (name == layer + "mlp.gate_up_proj.weight") return forget(old(), gain("post_attention_layernorm"));
  return {};
}

}  // namespace gvl::training
