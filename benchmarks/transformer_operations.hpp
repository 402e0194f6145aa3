/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

namespace gvl::benchmarks {

/** Multiply-adds of a transformer's blocks over `tokens` rows, each as two operations; causal attention by its half. */
inline double transformer_operations(std::int64_t layers, std::int64_t tokens, std::int64_t width,
                                     std::int64_t mlp_matrices, std::int64_t mlp_width, bool causal) {
  const double weights = 4.0 * width * width + static_cast<double>(mlp_matrices) * width * mlp_width;
  const double attention = 4.0 * tokens * tokens * width * (causal ? 0.5 : 1.0);
  return static_cast<double>(layers) * (2.0 * tokens * weights + attention);
}

}  // namespace gvl::benchmarks
