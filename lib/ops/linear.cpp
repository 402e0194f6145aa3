/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "ops/aten.hpp"
#include "ops/cpu/kernels.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"
#include "ops/integer_product.hpp"
#include "ops/ops.hpp"
#include "ops/partition.hpp"

namespace gvl::ops {
namespace {

using cpu::Rows;

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
  const int64_t range = std::max<int64_t>(1, kBytesPerItem / std::max<int64_t>(row_bytes(p.w.type, p.depth), 1));
  cpu::for_each_item(divide_up(p.columns, range), [&](int64_t item) {
    const int64_t first = item * range, last = std::min(p.columns, first + range);
    cpu::kernels().gemv(
        {reinterpret_cast<const float*>(p.x.data), p.depth, p.rows, p.depth, p.w, p.bias, p.y, p.columns, first, last});
  });
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

/** One slice of a part's rows of w, packed; of types with scales by way of `scratch`, columns * depth floats. */
void pack_w(const Rows& w, const Part& part, int64_t column, int64_t depth, float* scratch, float* packed) {
  const cpu::Kernels& kernels = cpu::kernels();
  if (!cpu::has_scales(w.type)) {
    return kernels.pack_right(w, part.column, part.column + part.columns, column, depth, packed);
  }
  for (int64_t i = 0; i < part.columns; ++i) kernels.widen(w, part.column + i, column, depth, scratch + i * depth);
  const Rows wide{reinterpret_cast<const char*>(scratch), depth * int64_t(sizeof(float)), cpu::Type::kFloat32};
  kernels.pack_right(wide, 0, part.columns, 0, depth, packed);
}

/** Packs the part's rows of w for itself, then passes over x in tiles that stay in the core's cache. */
void multiply_part(const Problem& p, const float* x, int64_t first_row, int64_t padded_rows, const Part& part) {
  constexpr int64_t kTileRows = 144;
  const cpu::Kernels& kernels = cpu::kernels();
  const int64_t columns = divide_up(part.columns, kernels.w_strip) * kernels.w_strip;
  const int64_t tile = even_part(part.rows, kTileRows, kernels.x_strip);
  float* w = cpu::thread_scratch(columns * (p.depth + std::max(tile, cpu::kSlice)));
  float* sums = w + columns * p.depth;
  for (int64_t k = 0; k < p.depth; k += cpu::kSlice) {
    pack_w(p.w, part, k, std::min(cpu::kSlice, p.depth - k), sums, w + k * columns);
  }
  for (int64_t row = part.row; row < part.row + part.rows; row += tile) {
    kernels.multiply({x, w, padded_rows, columns, row, 0, std::min(tile, part.row + part.rows - row), part.columns,
                      p.depth, p.bias ? p.bias + part.column : nullptr,
                      p.y + (first_row + row) * p.columns + part.column, p.columns, sums});
  }
}

/** Parts are as wide as a core's share of the cache allows. */
void multiply_packed(const Problem& p, const float* x, int64_t first_row, int64_t rows, int64_t padded_rows) {
  constexpr int64_t kPanelFloats = 512 << 10, kMostColumns = 128;
  const cpu::Kernels& kernels = cpu::kernels();
  const int64_t wide = std::clamp(kPanelFloats / std::max<int64_t>(p.depth, 1), kernels.w_strip, kMostColumns);
  for_each_part(rows, p.columns, wide, kernels.x_strip, kernels.w_strip,
                [&](const Part& part) { multiply_part(p, x, first_row, padded_rows, part); });
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

bool has_few_rows(const Problem& p) {
  // Up to so many rows the arithmetic of reading w in place costs less than packing it.
  constexpr int64_t kGemvRows = 16;
  return p.rows <= kGemvRows;
}

void multiply(const Problem& p) {
  const cpu::IntegerKernels* integers = cpu::has_scales(p.w.type) ? cpu::integer_kernels() : nullptr;
  if (has_few_rows(p)) {
    gemv(p);
  } else if (integers && p.depth > 0) {
    multiply_integers(*integers, p.x, p.w, p.bias, p.y, p.rows, p.columns, p.depth);
  } else {
    gemm(p);
  }
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const Weight& weight, const at::Tensor& bias) {
  if (!is_plain(x) || !is_plain_wide(weight) || !is_plain_wide_or_none(bias)) return aten::linear(x, weight, bias);
  const int64_t depth = weight.columns(), columns = weight.rows();
  TORCH_CHECK(weight.data.dim() == 2 && x.dim() > 0 && x.size(-1) == depth, "linear: x ", x.sizes(),
              " does not fit weight ", weight.data.sizes());
  TORCH_CHECK(!bias.defined() || bias.numel() == columns, "linear: bias ", bias.sizes(), " does not fit weight ",
              weight.data.sizes());
  const auto input = x.contiguous(), offsets = as_float(bias);
  const Weight rows_in_place = with_contiguous_rows(weight);
  auto sizes = x.sizes().vec();
  sizes.back() = columns;
  auto y = at::empty(sizes, x.options());
  if (y.numel() == 0) return y;
  multiply({rows_of(input, depth), rows_of(rows_in_place), floats_or_null(offsets), y.data_ptr<float>(),
            y.numel() / columns, columns, depth});
  return y;
}

}  // namespace gvl::ops
