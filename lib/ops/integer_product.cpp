/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/integer_product.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

#include "ops/partition.hpp"

namespace gvl::ops {
namespace {

using cpu::IntegerKernels;
using cpu::PackedRows;
using cpu::PackedWeights;

struct Problem {
  const IntegerKernels& kernels;
  cpu::Rows x, w;
  const float* bias;
  float* y;
  int64_t rows, columns, depth;

  int64_t slices() const { return divide_up(depth, cpu::kIntegerSlice); }
  /** Columns of all slices as they are packed. */
  int64_t padded() const { return divide_up(depth, cpu::kIntegerStep) * cpu::kIntegerStep; }
};

/** Some of x's rows, packed for the product. */
class PackedX {
 public:
  PackedX(const Problem& p, int64_t most_rows)
      : data_(at::empty({p.padded() * most_rows * p.kernels.element_bytes}, at::kByte)),
        scales_(at::empty({p.slices() * most_rows}, at::kFloat)),
        starts_(at::empty({p.slices() * most_rows}, at::kInt)) {}

  /** Rows [first, first + rows) of x, by all threads. */
  PackedRows pack(const Problem& p, int64_t first, int64_t rows) {
    const PackedRows packed{reinterpret_cast<char*>(data_.data_ptr()), scales_.data_ptr<float>(),
                            starts_.data_ptr<int32_t>(), divide_up(rows, p.kernels.x_strip) * p.kernels.x_strip};
    const cpu::Rows x{p.x.data + first * p.x.stride, p.x.stride, p.x.type};
    const int64_t range = divide_up(64, p.kernels.x_strip) * p.kernels.x_strip, ranges = divide_up(rows, range);
    cpu::for_each_item(ranges * p.slices(), [&](int64_t item) {
      const int64_t row = item % ranges * range, column = item / ranges * cpu::kIntegerSlice;
      p.kernels.pack_left(x, row, std::min(rows, row + range), column, std::min(cpu::kIntegerSlice, p.depth - column),
                          packed);
    });
    return packed;
  }

 private:
  at::Tensor data_, scales_, starts_;
};

/** Packs the part's rows of w for itself, then passes over x in tiles that stay in the core's cache. */
void multiply_part(const Problem& p, const PackedRows& x, int64_t first_row, const Part& part) {
  constexpr int64_t kTileRows = 96;
  const IntegerKernels& kernels = p.kernels;
  const int64_t columns = divide_up(part.columns, kernels.w_strip) * kernels.w_strip;
  const int64_t tile = even_part(part.rows, kTileRows, kernels.x_strip);
  const int64_t sums = kernels.w_strip * tile, scales = columns * p.slices();
  float* scratch = cpu::thread_scratch(sums + scales + columns + columns * p.padded() * kernels.element_bytes / 4);
  float* bias = scratch + sums + scales;
  std::fill(bias, bias + columns, 0.0f);
  if (p.bias) std::memcpy(bias, p.bias + part.column, part.columns * sizeof(float));
  const PackedWeights w{reinterpret_cast<char*>(bias + columns), scratch + sums, columns};
  for (int64_t k = 0; k < p.depth; k += cpu::kIntegerSlice) {
    kernels.pack_right(p.w, part.column, part.column + part.columns, k, std::min(cpu::kIntegerSlice, p.depth - k), w);
  }
  for (int64_t row = part.row; row < part.row + part.rows; row += tile) {
    kernels.multiply({x, w, row, std::min(tile, part.row + part.rows - row), part.columns, p.depth, bias,
                      p.y + (first_row + row) * p.columns + part.column, p.columns, scratch});
  }
}

}  // namespace

void multiply_integers(const IntegerKernels& kernels, const cpu::Rows& x, const cpu::Rows& w, const float* bias,
                       float* y, std::int64_t rows, std::int64_t columns, std::int64_t depth) {
  constexpr int64_t kRowsAtATime = 3072, kPanelBytes = 1 << 20, kMostColumns = 192;
  const Problem p{kernels, x, w, bias, y, rows, columns, depth};
  const int64_t most_rows = even_part(rows, kRowsAtATime, kernels.x_strip);
  const int64_t wide = std::clamp(kPanelBytes / (p.padded() * kernels.element_bytes), kernels.w_strip, kMostColumns);
  PackedX packed(p, most_rows);
  for (int64_t row = 0; row < rows; row += most_rows) {
    const int64_t here = std::min(most_rows, rows - row);
    const PackedRows some = packed.pack(p, row, here);
    for_each_part(here, columns, wide, kernels.x_strip, kernels.w_strip,
                  [&](const Part& part) { multiply_part(p, some, row, part); });
  }
}

}  // namespace gvl::ops
