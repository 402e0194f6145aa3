/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/thing_projector.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>

#include <string>

#include "gvl/error.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "vision/object_features.hpp"

namespace gvl::training {
namespace {

// Where the activation (GELU) is linear for inputs of about 1.
constexpr double kOffset = 4;
// Length of the token of a thing that is surely seen, beside tokens of length sqrt(H).
constexpr double kThingGain = 10;
// Deviation of the units that see all features together, for what is not linear.
constexpr double kMixDeviation = 0.3;

}  // namespace

ThingProjector::ThingProjector(const ModelConfig& model, const EventClasses& classes, std::uint64_t seed) {
  const std::int64_t width = model.language.hidden_size, features = vision::kObjectFeatures;
  if (model.spatial.objects == 0 || classes.things != vision::NanoDet::kClasses || width < features) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation.things needs a detector as spatial encoder and a hidden_size of at least " +
                    std::to_string(features));
  }
  at::Generator generator = at::detail::createCPUGenerator(seed);
  const auto draw = [&](std::int64_t rows, std::int64_t columns, double deviation) {
    return at::randn({rows, columns}, generator, at::kFloat).mul(deviation);
  };
  const at::Tensor first = draw(width, features, kMixDeviation);
  first.narrow(0, 0, features).zero_().fill_diagonal_(1);
  const at::Tensor second = draw(width, width, kMixDeviation);
  second.narrow(1, 0, features).copy_(draw(width, features, 1));
  const at::Tensor seen = event_codes(classes, width).shown.narrow(0, classes.events, classes.things);
  second.narrow(1, vision::ObjectFeature::kScores, classes.things).copy_(seen.t().mul(kThingGain));
  // What the offset adds is taken off again.
  const at::Tensor offset = at::full({width}, kOffset);
  const std::string name = "spatial_projector.";
  values_ = {{name + "linear_1.weight", first},
             {name + "linear_1.bias", offset},
             {name + "linear_2.weight", second},
             {name + "linear_2.bias", at::matmul(second, offset).neg()}};
}

at::Tensor ThingProjector::value(const std::string& name) const {
  const auto found = values_.find(name);
  return found != values_.end() ? found->second.clone() : at::Tensor();
}

}  // namespace gvl::training
