/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>

#include "model/network.hpp"
#include "training/parameter_set.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/**
 * Initial values of the trained projectors that depend on data (compare Mishkin and Matas 2016, "All you need is a good
 * init"): what either of a projector's layers gives for the frames of `samples` has mean 0 and, as far as its width
 * allows, unit covariance, so that no feature is hidden behind a larger one. In place. On the CPU or where the network
 * is.
 */
void whiten_projectors(const model::Network& network, const ParameterSet& parameters, std::span<const Sample> samples,
                       std::uint64_t seed);

}  // namespace gvl::training
