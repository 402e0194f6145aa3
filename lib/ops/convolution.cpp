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

/** Kernels of channels by themselves, [k, k, channels]. */
bool is_packed_depthwise(const at::Tensor& kernels) { return kernels.dim() == 3; }

at::Tensor pack_strips(const at::Tensor& weight) {
  const int64_t out = weight.size(0), in = weight.size(1), side = weight.size(2);
  const int64_t strips = (out + cpu::kKernelStrip - 1) / cpu::kKernelStrip;
  const auto padded = at::zeros({strips * cpu::kKernelStrip, in, side, side}, weight.options());
  padded.narrow(0, 0, out).copy_(weight);
  return padded.reshape({strips, cpu::kKernelStrip, in, side, side}).permute({0, 3, 4, 2, 1}).contiguous();
}

/** Of a convolution's result, channels last. */
at::Tensor empty_result(const at::Tensor& x, int64_t out, int64_t stride) {
  return at::empty({x.size(0), out, (x.size(2) + stride - 1) / stride, (x.size(3) + stride - 1) / stride}, x.options(),
                   at::MemoryFormat::ChannelsLast);
}

at::Tensor depthwise(const at::Tensor& x, const at::Tensor& kernels, const at::Tensor& bias,
                     const ConvolutionOptions& options) {
  const int64_t side = kernels.size(0), channels = kernels.size(2);
  TORCH_CHECK(is_plain(x) && x.dim() == 4 && x.size(1) == channels && options.groups == channels, "convolution: x ",
              x.sizes(), " in ", options.groups, " groups does not fit packed kernels ", kernels.sizes());
  const auto input = x.contiguous(at::MemoryFormat::ChannelsLast), offsets = as_float(bias);
  const auto y = empty_result(x, channels, options.stride);
  cpu::for_each_range(x.size(0) * y.size(2), y.size(3) * channels * side * side, [&](int64_t first, int64_t last) {
    cpu::kernels().depthwise({.x = input.data_ptr<float>(),
                              .height = x.size(2),
                              .width = x.size(3),
                              .channels = channels,
                              .w = kernels.data_ptr<float>(),
                              .side = side,
                              .stride = options.stride,
                              .bias = floats_or_null(offsets),
                              .leak = static_cast<float>(options.leak),
                              .y = y.data_ptr<float>(),
                              .out_height = y.size(2),
                              .out_width = y.size(3),
                              .first = first,
                              .last = last});
  });
  return y;
}

}  // namespace

at::Tensor pack_kernels(const at::Tensor& weight, int64_t groups) {
  if (!is_plain(weight) || weight.dim() != 4) return weight;
  if (groups > 1) {
    const bool alone = weight.size(1) == 1 && weight.size(0) == groups;
    return alone ? weight.squeeze(1).permute({1, 2, 0}).contiguous() : weight;
  }
  return weight.size(2) > cpu::kLongestKernel ? weight : pack_strips(weight);
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& kernels, const at::Tensor& bias,
                       const ConvolutionOptions& options) {
  if (is_packed_depthwise(kernels)) return depthwise(x, kernels, bias, options);
  if (!is_packed(kernels)) return aten::convolution(x, kernels, bias, options);
  const PackedKernels packed(kernels);
  TORCH_CHECK(is_plain(x) && x.dim() == 4 && x.size(1) == packed.in, "convolution: x ", x.sizes(),
              " does not fit packed kernels ", kernels.sizes());
  const auto input = x.contiguous(at::MemoryFormat::ChannelsLast), offsets = as_float(bias);
  const int64_t out = bias.defined() ? bias.numel() : packed.strips * cpu::kKernelStrip;
  TORCH_CHECK((out + cpu::kKernelStrip - 1) / cpu::kKernelStrip == packed.strips, "convolution: bias of ", out,
              " does not fit packed kernels ", kernels.sizes());
  const auto y = empty_result(x, out, options.stride);
  const int64_t height = y.size(2), width = y.size(3);
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
