/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "training/optimiser.hpp"

namespace gvl::training {

/** How far a run has come. */
struct RunState {
  std::int64_t step = 0;   ///< steps done
  std::int64_t texts = 0;  ///< texts learnt from
  double seconds = 0;      ///< spent
};

/**
 * Writes the trained parameters, the optimiser's moments and the state into one safetensors file, which appears under
 * its name complete or not at all. Throws Error(kResource).
 */
void save_checkpoint(const std::filesystem::path& file, Optimiser& optimiser, const RunState& state);

/**
 * Fills parameters and moments from a checkpoint; none when there is no such file. Throws Error naming the file when
 * it is not one of these parameters'.
 */
std::optional<RunState> load_checkpoint(const std::filesystem::path& file, Optimiser& optimiser);

}  // namespace gvl::training
