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

at::Tensor expected(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t stride,
                    int64_t groups = 1) {
  const auto wide = [](const at::Tensor& each) { return each.defined() ? each.to(at::kDouble) : each; };
  const int64_t padding = weight.size(2) / 2;
  return at::conv2d(wide(x), wide(weight), wide(bias), {stride, stride}, {padding, padding}, {1, 1}, groups);
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

GVL_TEST(test_convolution_of_each_channel_by_itself) {
  for_each_kernels([] {
    // Fewer channels than a vector has, one vector, parts of one; pictures smaller than a kernel, and none.
    for (const Case& c : {Case{2, 3, 5, 7, 3, 3, 1},
                          {1, 16, 9, 8, 16, 5, 2},
                          {3, 58, 13, 13, 58, 3, 2},
                          {1, 96, 6, 7, 96, 5, 1},
                          {2, 17, 2, 2, 17, 5, 1},
                          {0, 8, 4, 4, 8, 3, 1}}) {
      const auto x = at::randn({c.pictures, c.in, c.height, c.width});
      const auto weight = at::randn({c.out, 1, c.side, c.side}), bias = at::randn({c.out});
      const auto sums = expected(x, weight, bias, c.stride, c.in);
      const auto packed = ops::pack_kernels(weight, c.in);
      ck_assert(packed.dim() != weight.dim());
      const ops::ConvolutionOptions options{.stride = c.stride, .leak = 0.1, .groups = c.in};
      const double scale = 4 * static_cast<double>(c.side);
      expect_close(ops::convolution(x, packed, bias, options), at::leaky_relu(sums, 0.1), 3e-6, scale, name_of(c));
      expect_close(ops::convolution(x, weight, bias, options), at::leaky_relu(sums, 0.1), 3e-6, scale,
                   name_of(c) + ", LibTorch's");
    }
  });
  // Two channels to a group are LibTorch's.
  const auto x = at::randn({1, 4, 6, 6}), weight = at::randn({4, 2, 3, 3}), packed = ops::pack_kernels(weight, 2);
  expect_close(ops::convolution(x, packed, {}, {.groups = 2}), expected(x, weight, {}, 1, 2), 3e-6, 12, "groups");
}

GVL_TEST(test_convolution_without_bias) {
  const auto x = at::randn({1, 4, 6, 6}), weight = at::randn({32, 4, 3, 3});
  expect_close(ops::convolution(x, ops::pack_kernels(weight), {}), expected(x, weight, {}, 1), 3e-6, 12, "no bias");
}

GVL_TEST(test_convolution_refuses_what_does_not_fit) {
  const auto packed = ops::pack_kernels(at::randn({8, 4, 3, 3}));
  expect_error([&] { ops::convolution(at::randn({1, 5, 6, 6}), packed, at::randn({8})); });
  expect_error([&] { ops::convolution(at::randn({1, 4, 6, 6}), packed, at::randn({40})); });
  const auto alone = ops::pack_kernels(at::randn({4, 1, 3, 3}), 4);
  expect_error([&] { ops::convolution(at::randn({1, 5, 6, 6}), alone, {}, {.groups = 5}); });
}
