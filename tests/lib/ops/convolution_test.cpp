/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Convolution against LibTorch's in double precision.
#include <ATen/ops/conv2d.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/randn.h>

#include <cmath>

#include "compare.hpp"
#include "ops/ops.hpp"

using namespace gvl;
using namespace gvl::ops::test;

namespace {

struct Case {
  int64_t pictures, in, height, width, out, side, stride;
};

// Channels fewer, as many and more than vectors hold, sizes that tiles do not divide, pictures smaller than a kernel.
constexpr Case kCases[] = {{1, 1, 1, 1, 1, 1, 1},   {1, 3, 9, 11, 32, 3, 2},    {2, 5, 7, 6, 16, 3, 1},
                           {3, 16, 2, 2, 40, 5, 1}, {1, 33, 13, 8, 124, 1, 1},  {2, 64, 10, 10, 64, 3, 2},
                           {1, 8, 1, 40, 17, 7, 3}, {1, 128, 12, 12, 96, 3, 1}, {0, 4, 8, 8, 4, 3, 1}};

std::string name_of(const Case& c) { return std::to_string(c.in) + " to " + std::to_string(c.out) + " channels"; }

at::Tensor expected(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t stride) {
  const auto wide = [](const at::Tensor& each) { return each.defined() ? each.to(at::kDouble) : each; };
  const int64_t padding = weight.size(2) / 2;
  return at::conv2d(wide(x), wide(weight), wide(bias), {stride, stride}, {padding, padding});
}

}  // namespace

GVL_TEST(test_convolution) {
  for_each_kernels([] {
    for (const Case& c : kCases) {
      const auto x = at::randn({c.pictures, c.in, c.height, c.width});
      const auto weight = at::randn({c.out, c.in, c.side, c.side}), bias = at::randn({c.out});
      const auto sums = expected(x, weight, bias, c.stride);
      const double scale = 4 * static_cast<double>(c.side) * std::sqrt(static_cast<double>(c.in));
      const auto packed = ops::pack_kernels(weight);
      ck_assert(packed.dim() != weight.dim());
      expect_close(ops::convolution(x, packed, bias, {.stride = c.stride}), sums, 3e-6, scale, name_of(c));
      expect_close(ops::convolution(x, packed, bias, {.stride = c.stride, .leak = 0.1}), at::leaky_relu(sums, 0.1),
                   3e-6, scale, name_of(c) + ", leaky");
      const auto last = x.contiguous(at::MemoryFormat::ChannelsLast);
      expect_close(ops::convolution(last, packed, bias, {.stride = c.stride}), sums, 3e-6, scale,
                   name_of(c) + ", last");
      // Without packing, and where autograd looks on, they are LibTorch's.
      expect_close(ops::convolution(x, weight, bias, {.stride = c.stride, .leak = 0.1}), at::leaky_relu(sums, 0.1),
                   3e-6, scale, name_of(c) + ", LibTorch's");
      ck_assert(ops::pack_kernels(weight.clone().requires_grad_(true)).dim() == 4);
    }
  });
}

GVL_TEST(test_convolution_without_bias) {
  const auto x = at::randn({1, 4, 6, 6}), weight = at::randn({32, 4, 3, 3});
  expect_close(ops::convolution(x, ops::pack_kernels(weight), {}), expected(x, weight, {}, 1), 3e-6, 12, "no bias");
}

GVL_TEST(test_convolution_refuses_what_does_not_fit) {
  const auto packed = ops::pack_kernels(at::randn({8, 4, 3, 3}));
  expect_error([&] { ops::convolution(at::randn({1, 5, 6, 6}), packed, at::randn({8})); });
  expect_error([&] { ops::convolution(at::randn({1, 4, 6, 6}), packed, at::randn({40})); });
}
