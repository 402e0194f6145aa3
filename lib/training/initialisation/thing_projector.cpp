/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/thing_projector.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linalg_qr.h>
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
// Scores below the first say nothing: the activation cuts them off, the more sharply the larger the second.
constexpr double kLeastScore = 0.08, kSlope = 15;
// Lengths of what a token has for a thing that is surely seen, for being that of a whole picture, and for each other
// feature of 1. Tokens of words are of length sqrt(H); what the first layers add to these, before they know them, must
// not drown it.
constexpr double kThingLength = 80, kPictureLength = 160, kOtherLength = 20;
// Deviations of the units that see all features together, for what is not linear, and of what comes of them.
constexpr double kMixDeviation = 0.3, kMixedDeviation = 0.03;

}  // namespace

ThingProjector::ThingProjector(const ModelConfig& model, const EventClasses& classes, std::uint64_t seed) {
  const std::int64_t width = model.language.hidden_size, features = vision::kObjectFeatures;
  if (model.spatial.objects == 0 || classes.things != vision::kCocoClasses || width < features + classes.things) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation.things needs a detector as spatial encoder and a hidden_size of at least " +
                    std::to_string(features + classes.things));
  }
  at::Generator generator = at::detail::createCPUGenerator(seed);
  const auto draw = [&](std::int64_t rows, std::int64_t columns, double deviation) {
    return at::randn({rows, columns}, generator, at::kFloat).mul(deviation);
  };
  const at::Tensor first = draw(width, features, kMixDeviation);
  first.narrow(0, 0, features).zero_().fill_diagonal_(1);
  const at::Tensor second = draw(width, width, kMixedDeviation);
  const at::Tensor codes = event_codes(classes, width).shown;
  const at::Tensor seen = codes.narrow(0, classes.events, classes.things);
  const at::Tensor begins = codes.narrow(0, classes.count() + classes.events, classes.things);
  // What else is told says nothing of things, nor of what becomes of them, and each has a direction of its own.
  const at::Tensor of_things[] = {seen.t(), begins.t(), draw(width, features - classes.things, 1)};
  const at::Tensor apart = std::get<0>(at::linalg_qr(at::cat(at::TensorList(of_things), 1)));
  const at::Tensor span = apart.narrow(1, 0, 2 * classes.things);
  second.sub_(at::matmul(span, at::matmul(span.t(), second)));
  second.narrow(1, vision::ObjectFeature::kScores, classes.things).copy_(seen.t().mul(kThingLength));
  second.narrow(1, classes.things, features - classes.things)
      .copy_(apart.narrow(1, 2 * classes.things, features - classes.things).mul(kOtherLength));
  second.select(1, vision::ObjectFeature::kIsPicture).mul_(kPictureLength / kOtherLength);
  at::Tensor offset = at::full({width}, kOffset);
  const auto of_scores = [&](at::Tensor& of_units, std::int64_t dimension) {
    return of_units.narrow(dimension, vision::ObjectFeature::kScores, classes.things);
  };
  at::Tensor rows = first, columns = second;
  of_scores(rows, 0).mul_(kSlope);
  of_scores(columns, 1).div_(kSlope);
  of_scores(offset, 0).fill_(-kSlope * kLeastScore);
  const std::string name = "spatial_projector.";
  values_ = {{name + "linear_1.weight", first},
             {name + "linear_1.bias", offset},
             {name + "linear_2.weight", second},
             // What offsets add is taken off again.
             {name + "linear_2.bias", at::matmul(second, at::gelu(offset)).neg()}};
}

at::Tensor ThingProjector::picture() const {
  return values_.at("spatial_projector.linear_2.weight").select(1, vision::ObjectFeature::kIsPicture).clone();
}

at::Tensor ThingProjector::value(const std::string& name) const {
  const auto found = values_.find(name);
  return found != values_.end() ? found->second.clone() : at::Tensor();
}

}  // namespace gvl::training
