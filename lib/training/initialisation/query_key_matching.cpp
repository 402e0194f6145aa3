/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/query_key_matching.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <vector>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x6D61746368;
// A question stands so many positions behind the frames it is about, and there a slow dimension has turned by less.
constexpr double kFarthest = 200, kTurned = 1.5;
// Of what is copied; every head adds its part.
constexpr double kValueGain = 0.5;

at::Tensor unit_rows(at::Tensor rows) { return rows.div(rows.norm(2, 1, /*keepdim=*/true)); }

}  // namespace

std::vector<std::int64_t> slow_dimensions(const LanguageModelConfig& config) {
  const std::int64_t half = config.head_size() / 2;
  std::vector<std::int64_t> slow;
  for (const std::int64_t first : {std::int64_t{0}, half}) {
    for (std::int64_t i = 0; i < half; ++i) {
      const double speed = std::pow(config.rope_theta, -static_cast<double>(i) / static_cast<double>(half));
      if (speed * kFarthest < kTurned) slow.push_back(first + i);
    }
  }
  return slow;
}

EventCodes event_codes(std::int64_t classes, std::int64_t hidden_size) {
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const auto draw = [&](std::int64_t count) {
    return unit_rows(at::randn({count, hidden_size}, generator, at::kFloat));
  };
  const at::Tensor shown = draw(3 * classes), asked = draw(classes);
  return {shown, asked, draw(2 + EventCodes::kOptions)};
}

AttentionValues query_key_matching(const LanguageModelConfig& config, std::int64_t classes, const at::Tensor& moments) {
  const std::int64_t head = config.head_size(), width = config.hidden_size;
  const std::vector<std::int64_t> slow = slow_dimensions(config);
  if (config.kv_heads != config.heads || slow.empty() || moments.size(0) > head) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation.query_key_matching needs a language model with as many kv_heads as heads, heads of " +
                    std::to_string(moments.size(0)) + " dimensions and a larger rope_theta");
  }
  const EventCodes codes = event_codes(classes, width);
  const at::Tensor begins = codes.shown.narrow(0, classes, classes), ends = codes.shown.narrow(0, 2 * classes, classes);
  const at::Tensor span = std::get<0>(at::linalg_qr(moments.t())).t();
  const at::Tensor dimensions = at::tensor(slow, at::kLong);
  at::Generator generator = at::detail::createCPUGenerator(kSeed + 1);

  const at::Tensor queries = at::zeros({config.heads, head, width}), keys = queries.clone(), values = queries.clone();
  for (std::int64_t i = 0; i < config.heads; ++i) {
    const at::Tensor mix = at::randn({dimensions.size(0), classes}, generator, at::kFloat)
                               .div(std::sqrt(static_cast<double>(slow.size())));
    queries[i].index_copy_(0, dimensions, at::matmul(mix, codes.asked));
    keys[i].index_copy_(0, dimensions, at::matmul(mix, 2 * i < config.heads ? begins : ends));
    values[i].narrow(0, 0, span.size(0)).copy_(span);
  }
  return {at::cat({queries.flatten(0, 1), keys.flatten(0, 1), values.flatten(0, 1).mul(kValueGain)}),
          values.flatten(0, 1).t().contiguous()};
}

}  // namespace gvl::training
