/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "ops/aten.hpp"
#include "ops/cpu/kernels.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"
#include "ops/ops.hpp"

namespace gvl::ops {
namespace {

/** Packed kernels, [strips, k, k, in, kKernelStrip]: one dimension more tells them from others. */
struct PackedKernels {
  explicit PackedKernels(const at::Tensor& kernels)
      : side(kernels.size(1)), in(kernels.size(3)), strips(kernels.size(0)), weights(kernels.data_ptr<float>()) {}

  int64_t side, in, strips;
  const float* weights;
};

bool is_packed(const at::Tensor& kernels) { return kernels.dim() == 5; }

}  // namespace

at::Tensor pack_kernels(const at::Tensor& weight) {
  if (!is_plain(weight) || weight.dim() != 4 || weight.size(2) > cpu::kLongestKernel) return weight;
  const int64_t out = weight.size(0), in = weight.size(1), side = weight.size(2);
  const int64_t strips = (out + cpu::kKernelStrip - 1) / cpu::kKernelStrip;
  const auto padded = at::zeros({strips * cpu::kKernelStrip, in, side, side}, weight.options());
  padded.narrow(0, 0, out).copy_(weight);
  return padded.reshape({strips, cpu::kKernelStrip, in, side, side}).permute({0, 3, 4, 2, 1}).contiguous();
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& kernels, const at::Tensor& bias,
                       const ConvolutionOptions& options) {
  if (!is_packed(kernels)) return aten::convolution(x, kernels, bias, options.stride, options.leak);
  const PackedKernels packed(kernels);
  TORCH_CHECK(is_plain(x) && x.dim() == 4 && x.size(1) == packed.in, "convolution: x ", x.sizes(),
              " does not fit packed kernels ", kernels.sizes());
  const auto last = at::MemoryFormat::ChannelsLast;
  const auto input = x.contiguous(last), offsets = as_float(bias);
  const int64_t out = bias.defined() ? bias.numel() : packed.strips * cpu::kKernelStrip;
  TORCH_CHECK((out + cpu::kKernelStrip - 1) / cpu::kKernelStrip == packed.strips, "convolution: bias of ", out,
              " does not fit packed kernels ", kernels.sizes());
  const int64_t height = (x.size(2) + options.stride - 1) / options.stride;
  const int64_t width = (x.size(3) + options.stride - 1) / options.stride;
  const auto y = at::empty({x.size(0), out, height, width}, x.options(), last);
  const int64_t pixels = x.size(0) * height * width, strip = cpu::kernels().x_strip;
  constexpr int64_t kOperationsPerItem = 4 << 20;
  const int64_t per_pixel = packed.side * packed.side * packed.in * out;
  const int64_t range = std::max<int64_t>(1, kOperationsPerItem / per_pixel / strip) * strip;
  cpu::for_each_item((pixels + range - 1) / range, [&](int64_t item) {
    cpu::kernels().convolve({.x = input.data_ptr<float>(),
                             .height = x.size(2),
                             .width = x.size(3),
                             .in = packed.in,
                             .w = packed.weights,
                             .side = packed.side,
                             .stride = options.stride,
                             .bias = floats_or_null(offsets),
                             .leak = static_cast<float>(options.leak),
                             .y = y.data_ptr<float>(),
                             .out_height = height,
                             .out_width = width,
                             .out = out,
                             .first = item * range,
                             .last = std::min(pixels, (item + 1) * range),
                             .scratch = cpu::thread_scratch(strip * packed.side * packed.side * packed.in)});
  });
  return y;
}

}  // namespace gvl::ops
