/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gvl/config.hpp"
#include "model/model_folder.hpp"
#include "training/initialisation/initialiser.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/**
 * What a detector tells is found by what is asked for. Of new layers the first compares keyframes, the second tells
 * words which things were named and what to look for, and the third finds it (keyframe_comparison(), WordReading,
 * thing_matching_layer()); without it, `layer` does, beside what it knows. Throws Error(kInvalidArgument) for a model
 * that is too small for it, or whose prompts or tokens do not tell what they need to.
 */
std::shared_ptr<const Initialiser> make_things(const ModelConfig& model, std::int64_t layer,
                                               const std::vector<std::int64_t>& new_layers, const EventClasses& classes,
                                               const model::FolderTokenizer& tokenizer, std::uint64_t seed);

}  // namespace gvl::training
