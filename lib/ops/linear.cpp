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
void multiply_few(const Problem& p) {
  constexpr int64_t kBytesPerItem = 256 << 10;
  const int64_t range = std::max<int64_t>(1, kBytesPerItem / std::max<int64_t>(p.depth * size_of(p.w.type), 1));
  cpu::for_each_item(divide_up(p.columns, range), [&](int64_t item) {
    const int64_t first = item * range, last = std::min(p.columns, first + range);
    cpu::kernels().few_rows(
        {reinterpret_cast<const float*>(p.x.data), p.depth, p.rows, p.depth, p.w, p.bias, p.y, p.columns, first, last});
  });
}

/** A matrix's rows [first, last) packed into strips for the product, slice by slice; the work is spread over threads.
 */
class Packed {
 public:
  using Pack = void (*)(const Rows&, int64_t, int64_t, int64_t, int64_t, float*);

  Packed(Pack pack, int64_t strip, int64_t most_rows, int64_t depth)
      : pack_(pack), strip_(strip), depth_(depth), memory_(at::empty({padded(most_rows) * depth}, at::kFloat)) {}

  void fill(const Rows& source, int64_t first, int64_t last) {
    rows_ = padded(last - first);
    constexpr int64_t kFloatsPerItem = 1 << 16;
    const int64_t range = padded(std::max<int64_t>(1, kFloatsPerItem / cpu::kSlice));
    const int64_t ranges = divide_up(last - first, range);
    cpu::for_each_item(ranges * divide_up(depth_, cpu::kSlice), [&](int64_t item) {
      const int64_t row = item % ranges * range, column = item / ranges * cpu::kSlice;
      const int64_t depth = std::min(cpu::kSlice, depth_ - column);
      float* to = memory_.data_ptr<float>() + column * rows_ + row * depth;
      pack_(source, first + row, std::min(last, first + row + range), column, depth, to);
    });
  }

  const float* data() const { return memory_.data_ptr<float>(); }
  int64_t rows() const { return rows_; }

 private:
  int64_t padded(int64_t rows) const { return divide_up(rows, strip_) * strip_; }

  Pack pack_;
  int64_t strip_, depth_, rows_ = 0;
  at::Tensor memory_;
};

/** `count` things in parts of at most `most`, as even as multiples of `step` allow: the size of a part. */
int64_t even_part(int64_t count, int64_t most, int64_t step) {
  const int64_t steps = divide_up(count, step), most_steps = std::max<int64_t>(1, most / step);
  return divide_up(steps, divide_up(steps, most_steps)) * step;
}

/** One panel of y from packed operands, in tiles that keep their part of x, w and y in a core's cache. */
void multiply_panel(const Problem& p, const Packed& x, const Packed& w, int64_t first_row, int64_t last_row,
                    int64_t first_column, int64_t last_column) {
  constexpr int64_t kTileRows = 96, kTileColumns = 256;
  const cpu::Kernels& kernels = cpu::kernels();
  const int64_t rows = last_row - first_row, columns = last_column - first_column;
  const int64_t tile_rows = even_part(rows, kTileRows, kernels.x_strip);
  const int64_t tile_columns = even_part(columns, kTileColumns, kernels.w_strip);
  const int64_t row_tiles = divide_up(rows, tile_rows);
  cpu::for_each_item(row_tiles * divide_up(columns, tile_columns), [&](int64_t item) {
    const int64_t row = item % row_tiles * tile_rows, column = item / row_tiles * tile_columns;
    kernels.multiply({x.data(), w.data(), x.rows(), w.rows(), row, column, std::min(tile_rows, rows - row),
                      std::min(tile_columns, columns - column), p.depth,
                      p.bias ? p.bias + first_column + column : nullptr,
                      p.y + (first_row + row) * p.columns + first_column + column, p.columns});
  });
}

void multiply_many(const Problem& p) {
  constexpr int64_t kRowsAtATime = 1536, kPanelFloats = 4 << 20;
  const cpu::Kernels& kernels = cpu::kernels();
  const int64_t rows = even_part(p.rows, kRowsAtATime, kernels.x_strip);
  const int64_t panel = std::max(kPanelFloats / std::max<int64_t>(p.depth, 1), kernels.w_strip);
  const int64_t columns = even_part(p.columns, panel, kernels.w_strip);
  Packed x(kernels.pack_left, kernels.x_strip, rows, p.depth);
  Packed w(kernels.pack_right, kernels.w_strip, columns, p.depth);
  for (int64_t row = 0; row < p.rows; row += rows) {
    const int64_t last_row = std::min(p.rows, row + rows);
    x.fill(p.x, row, last_row);
    for (int64_t column = 0; column < p.columns; column += columns) {
      const int64_t last_column = std::min(p.columns, column + columns);
      w.fill(p.w, column, last_column);
      multiply_panel(p, x, w, row, last_row, column, last_column);
    }
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
  constexpr int64_t kFewRows = 16;
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
  problem.rows <= kFewRows ? multiply_few(problem) : multiply_many(problem);
  return y;
}

}  // namespace gvl::ops
