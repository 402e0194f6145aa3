/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "training/initialisation/initialiser.hpp"

namespace gvl::training {

/**
 * Teaches a model that WordReading began and training went on with that some verbs ask for a moment: "enters" is about
 * where a thing begins, from its first time to its last, "leaves" about where it ends. Their tokens gain a code; the
 * second half of the heads of decoder layer `layer`, which look back over a question, carry it to the words behind, on
 * the two directions that their values use least; and units of the layer's MLP that WordReading left without use write,
 * before the other of the two times, what the layer has learnt to write before the one.
 * Throws Error(kInvalidArgument) for a model that WordReading did not begin: heads or units that it has not.
 */
std::shared_ptr<const Initialiser> make_verbs_of_change(const ModelConfig& model, std::int64_t layer,
                                                        std::int64_t things, const text::Tokenizer& tokenizer);

}  // namespace gvl::training
