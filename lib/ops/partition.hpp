/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "ops/cpu/parallel.hpp"

/** How a product of many rows is divided among threads. Internal to ops/. */
namespace gvl::ops {

inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/** `count` things in parts of at most `most`, as even as multiples of `step` allow: the size of a part. */
inline int64_t even_part(int64_t count, int64_t most, int64_t step) {
  const int64_t steps = divide_up(count, step), most_steps = std::max<int64_t>(1, most / step);
  return divide_up(steps, divide_up(steps, most_steps)) * step;
}

/** The part of a product that one thread computes at a time, in rows of x and of w. */
struct Part {
  int64_t row, rows, column, columns;
};

/**
 * Calls f(Part) for parts that cover `rows` x `columns`, by all threads. A part has at most `most_columns`; if that
 * leaves threads without work, x's rows are divided, too, at the price of packing w more than once. Parts begin at
 * multiples of the strips.
 */
template <class F>
void for_each_part(int64_t rows, int64_t columns, int64_t most_columns, int64_t x_strip, int64_t w_strip, const F& f) {
  constexpr int64_t kLeastRows = 96, kPartsPerThread = 4;
  const int64_t part_columns = even_part(columns, most_columns, w_strip), across = divide_up(columns, part_columns);
  const int64_t down =
      std::clamp<int64_t>(kPartsPerThread * at::get_num_threads() / across, 1, divide_up(rows, kLeastRows));
  const int64_t part_rows = even_part(rows, divide_up(rows, down), x_strip), row_parts = divide_up(rows, part_rows);
  cpu::for_each_item(across * row_parts, [&](int64_t item) {
    const int64_t row = item % row_parts * part_rows, column = item / row_parts * part_columns;
    f(Part{row, std::min(part_rows, rows - row), column, std::min(part_columns, columns - column)});
  });
}

}  // namespace gvl::ops
