/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "ops/aten.hpp"
#include "ops/cpu/kernels.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"
#include "ops/ops.hpp"

namespace gvl::ops {
namespace {

/** Where a result of x's shape may go: x itself, unless autograd might still want x (even if not its gradient). */
at::Tensor place_for(const at::Tensor& x) {
  return c10::GradMode::is_enabled() ? at::empty_like(x, x.options(), at::MemoryFormat::Contiguous) : x;
}

template <class Kernel>
at::Tensor activate(const at::Tensor& x, Kernel kernel) {
  constexpr int64_t kCost = 4;  // in floats read or written: an exponential or two
  const auto input = x.contiguous(), y = place_for(input);
  const float* from = input.data_ptr<float>();
  float* to = y.data_ptr<float>();
  cpu::for_each_range(x.numel(), kCost,
                      [&](int64_t begin, int64_t end) { kernel(from + begin, end - begin, to + begin); });
  return y;
}

template <class Kernel>
at::Tensor normalise(const at::Tensor& x, Kernel kernel) {
  const auto input = x.contiguous(), y = at::empty_like(input);
  if (y.numel() == 0) return y;
  const int64_t size = x.size(-1);
  const float* from = input.data_ptr<float>();
  float* to = y.data_ptr<float>();
  cpu::for_each_range(x.numel() / size, size, [&](int64_t begin, int64_t end) {
    kernel(from + begin * size, end - begin, size, to + begin * size);
  });
  return y;
}

bool overlaps_itself(const at::Tensor& x) {
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (x.stride(i) == 0 && x.size(i) > 1) return true;
  }
  return false;
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  if (!is_plain(x) || !is_plain_wide(weight)) return aten::rms_norm(x, weight, eps);
  TORCH_CHECK(weight.numel() == x.size(-1), "rms_norm: x ", x.sizes(), " does not fit weight ", weight.sizes());
  const auto scale = as_float(weight);
  return normalise(x, [&](const float* from, int64_t rows, int64_t size, float* to) {
    cpu::kernels().rms_norm(from, floats_or_null(scale), static_cast<float>(eps), rows, size, to);
  });
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  if (!is_plain(x) || !is_plain_wide(weight) || !is_plain_wide(bias)) return aten::layer_norm(x, weight, bias, eps);
  TORCH_CHECK(weight.numel() == x.size(-1) && bias.numel() == x.size(-1), "layer_norm: x ", x.sizes(),
              " does not fit weight ", weight.sizes(), " and bias ", bias.sizes());
  const auto scale = as_float(weight), offset = as_float(bias);
  return normalise(x, [&](const float* from, int64_t rows, int64_t size, float* to) {
    cpu::kernels().layer_norm(from, floats_or_null(scale), floats_or_null(offset), static_cast<float>(eps), rows, size,
                              to);
  });
}

at::Tensor gelu(at::Tensor x) { return is_plain(x) ? activate(x, cpu::kernels().gelu) : aten::gelu(x); }

at::Tensor quick_gelu(at::Tensor x) {
  return is_plain(x) ? activate(x, cpu::kernels().quick_gelu) : aten::quick_gelu(x);
}

at::Tensor silu_and_multiply(const at::Tensor& gate_up) {
  if (!is_plain(gate_up)) return aten::silu_and_multiply(gate_up);
  TORCH_CHECK(gate_up.size(-1) % 2 == 0, "silu_and_multiply: an odd last dimension: ", gate_up.sizes());
  const int64_t size = gate_up.size(-1) / 2;
  auto sizes = gate_up.sizes().vec();
  sizes.back() = size;
  const auto input = gate_up.contiguous(), y = at::empty(sizes, gate_up.options());
  if (y.numel() == 0) return y;
  const float* from = input.data_ptr<float>();
  float* to = y.data_ptr<float>();
  // By vectors' worth of columns, so that one long row is spread over threads, too.
  constexpr int64_t kColumns = 2048, kCost = 6;
  const int64_t parts = (size + kColumns - 1) / kColumns;
  cpu::for_each_range(y.numel() / size * parts, std::min(size, kColumns) * kCost, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t row = item / parts, column = item % parts * kColumns;
      const float* gate = from + row * 2 * size + column;
      cpu::kernels().silu_and_multiply(gate, gate + size, std::min(kColumns, size - column), to + row * size + column);
    }
  });
  return y;
}

at::Tensor add_scaled(at::Tensor x, const at::Tensor& y, const at::Tensor& scale) {
  const bool is_scale_plain = is_plain_wide_or_none(scale);
  if (!is_plain(x) || !is_plain(y) || !is_scale_plain || x.sizes() != y.sizes()) return aten::add_scaled(x, y, scale);
  TORCH_CHECK(!scale.defined() || scale.numel() == x.size(-1), "add_scaled: scale ", scale.sizes(), " does not fit x ",
              x.sizes());
  const auto left = x.contiguous(), right = y.contiguous(), factors = as_float(scale), sum = place_for(left);
  if (sum.numel() == 0) return sum;
  const int64_t size = scale.defined() ? x.size(-1) : 1;
  const float *a = left.data_ptr<float>(), *b = right.data_ptr<float>();
  float* to = sum.data_ptr<float>();
  cpu::for_each_range(x.numel() / size, size, [&](int64_t begin, int64_t end) {
    // Without a scale a range is one long row.
    const int64_t row = scale.defined() ? size : end - begin;
    for (int64_t i = begin * size; i < end * size; i += row) {
      cpu::kernels().add_scaled(a + i, b + i, floats_or_null(factors), row, to + i);
    }
  });
  return sum;
}

at::Tensor rotary(at::Tensor x, const at::Tensor& cos, const at::Tensor& sin) {
  TORCH_CHECK(x.dim() == 4 && x.size(3) % 2 == 0 && cos.sizes() == sin.sizes() && (cos.dim() == 2 || cos.dim() == 3) &&
                  cos.size(-2) == x.size(1) && cos.size(-1) * 2 == x.size(3) &&
                  (cos.dim() == 2 || cos.size(0) == x.size(0)),
              "rotary: x ", x.sizes(), " does not fit angles ", cos.sizes());
  if (!is_plain(x) || !is_plain(cos) || !is_plain(sin)) return aten::rotary(x, cos, sin);
  const auto input = x.stride(3) == 1 && !overlaps_itself(x) ? x : x.contiguous(), y = place_for(input);
  if (y.numel() == 0) return y;
  const auto cosines = cos.contiguous(), sines = sin.contiguous();
  const int64_t tokens = x.size(1), heads = x.size(2), half = x.size(3) / 2;
  const auto at = [](const at::Tensor& t, int64_t sequence, int64_t token, int64_t head) {
    return t.data_ptr<float>() + sequence * t.stride(0) + token * t.stride(1) + head * t.stride(2);
  };
  cpu::for_each_range(x.size(0) * tokens, heads * half * 2, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t sequence = item / tokens, token = item % tokens;
      const int64_t row = cos.dim() == 3 ? item : token;
      const float *c = cosines.data_ptr<float>() + row * half, *s = sines.data_ptr<float>() + row * half;
      for (int64_t head = 0; head < heads; ++head) {
        cpu::kernels().rotary(at(input, sequence, token, head), c, s, half, at(y, sequence, token, head));
      }
    }
  });
  return y;
}

at::Tensor embedding(const Weight& table, const at::Tensor& ids) {
  if (!is_plain_wide(table)) return aten::embedding(table, ids);
  TORCH_CHECK(table.data.dim() == 2 && ids.dim() == 1, "embedding: table ", table.data.sizes(), ", ids ", ids.sizes());
  const Weight whole_rows = with_contiguous_rows(table);
  const cpu::Rows rows = rows_of(whole_rows);
  const auto indices = ids.to(at::kCPU, at::kLong).contiguous();
  const int64_t size = table.columns();
  const int64_t* id = indices.data_ptr<int64_t>();
  for (int64_t i = 0; i < indices.numel(); ++i) {
    TORCH_CHECK_INDEX(id[i] >= 0 && id[i] < table.rows(), "embedding: id ", id[i], " of a table of ", table.rows());
  }
  const auto y = at::empty({indices.numel(), size}, at::kFloat);
  cpu::for_each_range(indices.numel(), size, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      cpu::kernels().widen(rows, id[i], 0, size, y.data_ptr<float>() + i * size);
    }
  });
  return y;
}

}  // namespace gvl::ops
