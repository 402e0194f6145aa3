/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "gvl/config.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/**
 * Initial values of the spatial projector behind a detector: what an object is told to be becomes the code of things
 * that are seen (event_codes()), times its score, and what else is told of it a direction of its own. It is linear at
 * first: what goes into its activation lies where that is.
 */
class ThingProjector {
 public:
  /** Throws Error(kInvalidArgument) for a model whose spatial encoder is no detector, or that is narrower than it. */
  ThingProjector(const ModelConfig& model, const EventClasses& classes, std::uint64_t seed);

  /** Of the parameter `name`; undefined where it is none of the projector's. */
  at::Tensor value(const std::string& name) const;

  /** The direction [H] that all tokens of whole pictures have in common. */
  at::Tensor picture() const;

 private:
  std::map<std::string, at::Tensor> values_;
};

}  // namespace gvl::training
