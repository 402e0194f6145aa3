/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "gvl/config.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/**
 * Initial values of a decoder layer that compares each keyframe with the one before: half of the heads look from the
 * token of a whole picture at itself, half at that of the keyframe before, by where it stands (RoPE). What is seen now
 * is added as what begins and taken off as what ends, what was seen before the other way round. `picture` [H] is the
 * direction by which a picture's token is known. Tokens that are no picture's see the same by both halves, which
 * cancels. Throws Error(kInvalidArgument) where heads share keys, or half of them are narrower than there are things.
 */
AttentionValues keyframe_comparison(const ModelConfig& model, const EventClasses& classes, const at::Tensor& picture);

}  // namespace gvl::training
