/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

namespace gvl::training {

/** Temporal tokens where they are to be predicted. */
struct TemporalLabels {
  at::Tensor ids;        ///< int64 [M + 1]: the token of each moment
  double smoothing = 0;  ///< ObjectiveOptions::temporal_smoothing

  /**
   * With smoothing: -sum of q log p, q a normal distribution of that deviation around each of `moments` [n]; over
   * [n, M + 1].
   */
  at::Tensor smoothed(const at::Tensor& log_probabilities, const at::Tensor& moments) const;
};

}  // namespace gvl::training
