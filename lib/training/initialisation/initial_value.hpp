/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gvl/config.hpp"

namespace gvl::training {

/**
 * The first value, float32, of a parameter that no checkpoint has: norms 1, biases 0, matrices normal with deviation
 * 1 / sqrt(inputs), less by 1 / sqrt(2 layers) where a residual branch ends (GPT-2) but for the language model's
 * attention, LoRA's A uniform and B zero;
 * tokens are as long as what layers add to them; patches are seen through cosine functions, places in space and time
 * are sums of both, classifiers of frames begin with everything rare.
 * Depends on the name and the seed alone.
 */
at::Tensor initial_value(const std::string& name, const std::vector<std::int64_t>& shape, const ModelConfig& config,
                         std::uint64_t seed);

/**
 * Directions [n, H] whose sums with the waves of time are the rows of temporal tokens: close times are close rows.
 */
at::Tensor temporal_directions(std::int64_t hidden_size, std::uint64_t seed);

/**
 * Writes into `table` [vocabulary, H] rows for the temporal tokens `ids` that vary smoothly with time, so that
 * neighbours are alike from the start. In place.
 */
void order_temporal_rows(at::Tensor& table, const std::vector<std::int64_t>& ids, std::uint64_t seed);

}  // namespace gvl::training
