/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "gvl/config.hpp"

namespace gvl::training {

/**
 * Initial values of a temporal encoder that sees from the start. A transformer that begins at random needs millions of
 * clips until it notices that a picture stands still; here its first two layers compute what classical video analysis
 * would, in the same arithmetic, and training goes on from there:
 *
 * - patch embedding: cosine functions of brightness and of two colour differences; positions: row, column and frame,
 *   one-hot, in channels of their own;
 * - layer 1, attention: the patch's difference to the same place a frame ago;
 * - layer 1, MLP: energies of bands of those cosines and differences (|x| = gelu(x) + gelu(-x)), and products of a
 *   difference and a gradient, whose sign tells the direction of motion (xy = |x + y| - |x - y|, Lucas and
 *   Kanade 1981);
 * - layer 2, attention: means over the frame, the frames beside it and the segment;
 * - layer 2, MLP: energies compressed as a logarithm does, and where in the picture something moves.
 *
 * Further layers begin near the identity (LayerScale 0.1, Touvron et al. 2021).
 */
class FilterBank {
 public:
  /** Throws Error(kInvalidArgument) when the encoder is too small to hold it. */
  FilterBank(const ModelConfig& config, std::uint64_t seed);

  /** The first value of a parameter of the temporal encoder; undefined for any other name. */
  at::Tensor value(const std::string& name) const;

  static constexpr std::int64_t kDifferenceBands = 8;
  static constexpr std::int64_t kMotions = 8;
  /** Which channel of the encoder's output is the first of the differences' energies, slow bands first. */
  std::int64_t difference_energies() const noexcept { return difference_energies_; }
  /** The first channel of the products that tell motion: the first grows with motion to the right, the second down. */
  std::int64_t motions() const noexcept { return difference_energies_ + kDifferenceBands; }

 private:
  std::map<std::string, at::Tensor> values_;
  std::int64_t difference_energies_ = 0;
};

}  // namespace gvl::training
