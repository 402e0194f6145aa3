/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "ops/aten.hpp"
#include "ops/cpu/kernels.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"
#include "ops/ops.hpp"

namespace gvl::ops {
namespace {

using cpu::Rows;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/** y [rows, columns] = x [rows, depth] w^T + bias. */
struct Problem {
  Rows x, w;
  const float* bias;
  float* y;
  int64_t rows, columns, depth;
};

/** Reads w once, at the memory's speed, if the rows of x are few enough for the arithmetic to keep up. */
void gemv(const Problem& p) {
  constexpr int64_t kBytesPerItem = 256 << 10;
  const int64_t range = std::max<int64_t>(1, kBytesPerItem / std::max<int64_t>(p.depth * size_of(p.w.type), 1));
  cpu::for_each_item(divide_up(p.columns, range), [&](int64_t item) {
    const int64_t first = item * range, last = std::min(p.columns, first + range);
    cpu::kernels().gemv(
        {reinterpret_cast<const float*>(p.x.data), p.depth, p.rows, p.depth, p.w, p.bias, p.y, p.columns, first, last});
  });
}

/** `count` things in parts of at most `most`, as even as multiples of `step` allow: the size of a part. */
int64_t even_part(int64_t count, int64_t most, int64_t step) {
  const int64_t steps = divide_up(count, step), most_steps = std::max<int64_t>(1, most / step);
  return divide_up(steps, divide_up(steps, most_steps)) * step;
}

/** Rows [first, last) of x packed for the product, slice by slice, by all threads. */
void pack_x(const Rows& x, int64_t first, int64_t last, int64_t depth, int64_t padded_rows, float* packed) {
  const cpu::Kernels& kernels = cpu::kernels();
  const int64_t range = divide_up(256, kernels.x_strip) * kernels.x_strip, ranges = divide_up(last - first, range);
  cpu::for_each_item(ranges * divide_up(depth, cpu::kSlice), [&](int64_t item) {
    const int64_t row = item % ranges * range, column = item / ranges * cpu::kSlice;
    const int64_t slice = std::min(cpu::kSlice, depth - column);
    kernels.pack_left(x, first + row, std::min(last, first + row + range), column, slice,
                      packed + column * padded_rows + row * slice);
  });
}

/** The part of y that one thread computes at a time, in rows of x and of w. */
struct Part {
  int64_t row, rows, column, columns;
};

/** Packs the part's rows of w for itself, then passes over x in tiles that stay in the core's cache. */
void multiply_part(const Problem& p, const float* x, int64_t first_row, int64_t padded_rows, const Part& part) {
  constexpr int64_t kTileRows = 144;
  const cpu::Kernels& kernels = cpu::kernels();
  const int64_t columns = divide_up(part.columns, kernels.w_strip) * kernels.w_strip;
  const int64_t tile = even_part(part.rows, kTileRows, kernels.x_strip);
  float* w = cpu::thread_scratch(columns * (p.depth + tile));
  float* sums = w + columns * p.depth;
  for (int64_t k = 0; k < p.depth; k += cpu::kSlice) {
    kernels.pack_right(p.w, part.column, part.column + part.columns, k, std::min(cpu::kSlice, p.depth - k),
                       w + k * columns);
  }
  for (int64_t row = part.row; row < part.row + part.rows; row += tile) {
    kernels.multiply({x, w, padded_rows, columns, row, 0, std::min(tile, part.row + part.rows - row), part.columns,
                      p.depth, p.bias ? p.bias + part.column : nullptr,
                      p.y + (first_row + row) * p.columns + part.column, p.columns, sums});
  }
}

/**
 * Parts are as wide as a core's share of the cache allows; if that leaves threads without work, x's rows are divided,
 * too, at the price of packing w more than once.
 */
void multiply_packed(const Problem& p, const float* x, int64_t first_row, int64_t rows, int64_t padded_rows) {
  constexpr int64_t kPanelFloats = 512 << 10, kMostColumns = 128, kLeastRows = 96, kPartsPerThread = 4;
  const cpu::Kernels& kernels = cpu::kernels();
  const int64_t wide = std::clamp(kPanelFloats / std::max<int64_t>(p.depth, 1), kernels.w_strip, kMostColumns);
  const int64_t part_columns = even_part(p.columns, wide, kernels.w_strip), across = divide_up(p.columns, part_columns);
  const int64_t down =
      std::clamp<int64_t>(kPartsPerThread * at::get_num_threads() / across, 1, divide_up(rows, kLeastRows));
  const int64_t part_rows = even_part(rows, divide_up(rows, down), kernels.x_strip);
  const int64_t row_parts = divide_up(rows, part_rows);
  cpu::for_each_item(across * row_parts, [&](int64_t item) {
    const int64_t row = item % row_parts * part_rows, column = item / row_parts * part_columns;
    multiply_part(p, x, first_row, padded_rows,
                  {row, std::min(part_rows, rows - row), column, std::min(part_columns, p.columns - column)});
  });
}

/**
 * One matrix product: x is packed whole, some thousand rows at a time. This reaches about 0.95 of OpenBLAS's rate, and
 * is used even for float32: it spares bfloat16 weights a widened copy, and neither speed nor results depend on the
 * BLAS installed, which on Debian is by default the reference implementation.
 */
void gemm(const Problem& p) {
  constexpr int64_t kRowsAtATime = 1536;
  const int64_t most_rows = even_part(p.rows, kRowsAtATime, cpu::kernels().x_strip);
  const auto packed = at::empty({most_rows * p.depth}, at::kFloat);
  for (int64_t row = 0; row < p.rows; row += most_rows) {
    const int64_t rows = std::min(most_rows, p.rows - row);
    pack_x(p.x, row, row + rows, p.depth, most_rows, packed.data_ptr<float>());
    multiply_packed(p, packed.data_ptr<float>(), row, rows, most_rows);
  }
}

Rows rows_of(const at::Tensor& x, int64_t stride) { return {bytes_of(x), stride * size_of(type_of(x)), type_of(x)}; }

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!is_plain(x) || !is_plain_wide(weight) || !is_plain_wide_or_none(bias)) return aten::linear(x, weight, bias);
  TORCH_CHECK(weight.dim() == 2 && x.dim() > 0 && x.size(-1) == weight.size(1), "linear: x ", x.sizes(),
              " does not fit weight ", weight.sizes());
  TORCH_CHECK(!bias.defined() || bias.numel() == weight.size(0), "linear: bias ", bias.sizes(), " does not fit weight ",
              weight.sizes());
  // Up to so many rows the arithmetic of reading w in place costs less than packing it.
  constexpr int64_t kGemvRows = 16;
  const auto input = x.contiguous(), offsets = as_float(bias);
  const auto rows_in_place = weight.stride(1) == 1 || weight.size(1) == 1 ? weight : weight.contiguous();
  auto sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  auto y = at::empty(sizes, x.options());
  if (y.numel() == 0) return y;
  const int64_t depth = weight.size(1), columns = weight.size(0);
  const Problem problem{rows_of(input, depth),
                        rows_of(rows_in_place, rows_in_place.stride(0)),
                        floats_or_null(offsets),
                        y.data_ptr<float>(),
                        y.numel() / columns,
                        columns,
                        depth};
  problem.rows <= kGemvRows ? gemv(problem) : gemm(problem);
  return y;
}

}  // namespace gvl::ops
