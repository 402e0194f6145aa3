/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "training/parameter_set.hpp"

namespace gvl::training {

struct PreviousTokenHeadsOptions {
  std::vector<std::int64_t> heads;  ///< of the first layer, which are given up for it; none: nothing changes
  std::int64_t like = -1;           ///< the head whose values they read; -1: they keep their own
};

/**
 * A language model whose first layer has previous-token heads (Olsson et al. 2022): they look at the last few words
 * alone. The rotary positions of RoFormer (Su et al. 2021) tell how far words are apart, but only where queries and
 * keys have something in common whatever the words are, and tokens that began at random have not. Here all of them gain
 * one direction, and in the chosen heads queries and keys know nothing else: such a head reads a mean over the last
 * words, each over more of them than the one before. Options of a question can so be told apart. Whatever else the
 * first layer does is blind to the new direction.
 */
class PreviousTokenHeads {
 public:
  /** Throws Error(kInvalidArgument) for heads that the model does not have, or that share keys. */
  PreviousTokenHeads(PreviousTokenHeadsOptions options, const LanguageModelConfig& config);

  /** The parameter `name` as it becomes of what `before` has, float32; undefined where it does not change. */
  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const;

  /** Tokens [n, H] that have what is common, each as much of it beside the rest as all others. */
  at::Tensor with_common(const at::Tensor& tokens) const;

  /** Queries and keys alike of a head that looks back over about so many words, behind a norm without gain [d, H]. */
  at::Tensor looking_back(double words) const;

  /** What is common [H], of length 1. */
  const at::Tensor& common() const noexcept { return common_; }

  /** How long what is common is behind a norm without gain. */
  double normed_length() const;

 private:
  at::Tensor scales(double words, double share) const;
  at::Tensor forget(const at::Tensor& weight, const at::Tensor& gain) const;
  at::Tensor attention(const at::Tensor& qkv, const at::Tensor& gain, double share) const;
  at::Tensor output(const at::Tensor& o) const;

  PreviousTokenHeadsOptions options_;
  LanguageModelConfig config_;
  at::Tensor common_;  ///< [H], a unit vector
};

}  // namespace gvl::training
