/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ops/cpu/integer.hpp"

/** Products of many rows with quantised weights on all threads. Internal to ops/. */
namespace gvl::ops {

/**
 * y [rows, columns] = x w^T + bias by `kernels`. x: rows of float32; w: rows of int8 or int4; bias [columns] or null.
 * An element's error is that of x as int8 with a scale for each row and slice. rows, columns and depth at least 1.
 */
void multiply_integers(const cpu::IntegerKernels& kernels, const cpu::Rows& x, const cpu::Rows& w, const float* bias,
                       float* y, std::int64_t rows, std::int64_t columns, std::int64_t depth);

}  // namespace gvl::ops
