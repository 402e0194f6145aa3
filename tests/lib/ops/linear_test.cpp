/* SPDX-License-Identifier: LGPL-2.1-or-later */

// linear() against LibTorch's in double precision: few and many rows, every stored type, odd sizes.
#include <ATen/ops/linear.h>

#include "compare.hpp"
#include "ops/ops.hpp"

using namespace gvl;
using namespace gvl::ops::test;

namespace {

struct Shape {
  int64_t rows, in, out;
};

at::Tensor reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.defined() ? bias.to(at::kDouble) : bias);
}

void check(const Shape& shape, at::ScalarType type) {
  const auto x = at::randn({shape.rows, shape.in});
  const auto weight = at::randn({shape.out, shape.in}).to(type), bias = at::randn({shape.out});
  // Rounding errors grow with the root of the number of products.
  const double scale = 4 * std::sqrt(static_cast<double>(shape.in)) + 1;
  const auto what = std::to_string(shape.rows) + " x " + std::to_string(shape.in) + " x " + std::to_string(shape.out);
  expect_close(ops::linear(x, weight, bias), reference(x, weight, bias), 2e-6, scale, what);
  expect_close(ops::linear(x, weight), reference(x, weight, {}), 2e-6, scale, what + " without bias");
  at::Tensor owner;
  expect_close(ops::linear(x, unaligned(weight, owner), bias), reference(x, weight, bias), 2e-6, scale,
               what + " unaligned");
}

}  // namespace

GVL_TEST(test_shapes) {
  const Shape shapes[] = {{1, 1, 1},    {1, 7, 3},     {1, 96, 1000},  {2, 33, 65},    {3, 64, 17},   {4, 40, 9},
                          {5, 129, 31}, {6, 96, 33},   {7, 3, 200},    {8, 1030, 100}, {9, 64, 64},   {16, 70, 90},
                          {17, 70, 90}, {33, 256, 48}, {50, 257, 100}, {97, 600, 300}, {1601, 12, 7}, {20, 1, 1}};
  for_each_kernels([&] {
    for (const Shape& shape : shapes) {
      for (auto type : {at::kFloat, at::kBFloat16, at::kHalf}) check(shape, type);
    }
  });
}

GVL_TEST(test_many_panels) {
  // Wider and deeper than one packed panel, and more rows than are packed at a time.
  for (const Shape& shape : {Shape{40, 9000, 1100}, Shape{3100, 520, 70}}) check(shape, at::kBFloat16);
}

GVL_TEST(test_views) {
  const auto x = at::randn({2, 5, 40}), weight = at::randn({30, 80});
  const auto part = weight.narrow(1, 8, 40), transposed = at::randn({40, 30}).t();
  for_each_kernels([&] {
    for (int64_t tokens : {1, 3, 5}) {
      const auto tail = x.narrow(1, 5 - tokens, tokens);
      expect_close(ops::linear(tail, part), reference(tail, part, {}), 2e-6, 8, "rows of a wider weight");
      expect_close(ops::linear(tail, transposed), reference(tail, transposed, {}), 2e-6, 8, "transposed weight");
    }
  });
}

GVL_TEST(test_nothing) {
  for_each_kernels([] {
    ck_assert(ops::linear(at::randn({0, 8}), at::randn({4, 8})).sizes() == at::IntArrayRef({0, 4}));
    ck_assert(ops::linear(at::randn({3, 8}), at::randn({0, 8})).sizes() == at::IntArrayRef({3, 0}));
    const auto bias = at::randn({4});
    expect_close(ops::linear(at::randn({3, 0}), at::randn({4, 0}), bias), bias.expand({3, 4}), 0, 0, "no inputs");
    expect_close(ops::linear(at::randn({30, 0}), at::randn({4, 0}), bias), bias.expand({30, 4}), 0, 0, "no inputs");
  });
}

GVL_TEST(test_half_values) {
  // Subnormals, the greatest number, infinities: all 65536 bit patterns pass through a product with one.
  const auto bits = at::empty({65536}, at::kShort);
  for (int i = 0; i < 65536; ++i) bits.data_ptr<int16_t>()[i] = static_cast<int16_t>(i);
  for (auto type : {at::kHalf, at::kBFloat16}) {
    const auto weight = bits.view(type).unsqueeze(1).expand({65536, 16}).contiguous();
    auto x = at::empty({1, 16}).zero_();
    x.select(1, 3).fill_(1);
    const auto expected = weight.select(1, 3).to(at::kFloat), finite = expected.isfinite();
    for_each_kernels([&] {
      const auto y = ops::linear(x, weight).squeeze(0);
      ck_assert_msg(y.masked_select(finite).equal(expected.masked_select(finite)), "%s", ops::cpu::kernels().name);
      ck_assert(!(y.masked_select(finite.logical_not()).isfinite().any().item<bool>()));
    });
  }
}

GVL_TEST(test_not_finite) {
  for_each_kernels([] {
    for (int64_t rows : {1, 40}) {
      auto x = at::randn({rows, 64});
      x.select(0, 0).fill_(NAN);
      const auto y = ops::linear(x, at::randn({20, 64}));
      ck_assert(y.select(0, 0).isnan().all().item<bool>());
      ck_assert(!(rows > 1 && y.narrow(0, 1, rows - 1).isnan().any().item<bool>()));
    }
  });
}

GVL_TEST(test_threads_agree) {
  const auto weight = at::randn({700, 300}).to(at::kBFloat16);
  for (int64_t rows : {1, 100}) {
    const auto x = at::randn({rows, 300});
    at::set_num_threads(1);
    const auto one = ops::linear(x, weight);
    at::set_num_threads(4);
    ck_assert(ops::linear(x, weight).equal(one));
  }
}

GVL_TEST(test_wrong_shapes) {
  expect_error([] { ops::linear(at::randn({3, 8}), at::randn({4, 9})); });
  expect_error([] { ops::linear(at::randn({3, 8}), at::randn({4, 8}), at::randn({5})); });
}
