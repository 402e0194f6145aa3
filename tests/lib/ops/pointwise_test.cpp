/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Norms, activations, rotary embedding and embedding against LibTorch's operators in double precision.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tensor.h>

#include <functional>
#include <vector>

#include "compare.hpp"
#include "ops/ops.hpp"

using namespace gvl;
using namespace gvl::ops::test;

namespace {

const std::vector<std::vector<int64_t>> kShapes = {{1, 1},    {1, 7},      {3, 33}, {2, 5, 96},
                                                   {1, 3072}, {577, 1024}, {0, 16}, {40, 4097}};

/** Runs f on random inputs of every shape, with autograd on (results apart) and off (perhaps in place). */
void for_each_shape(const std::function<void(const at::Tensor& x, const std::string& name)>& f) {
  for_each_kernels([&] {
    for (const auto& shape : kShapes) {
      const auto x = at::randn(shape).mul(3);
      f(x, std::to_string(x.numel()));
      at::NoGradGuard no_grad;
      f(x, std::to_string(x.numel()) + " in place");
    }
  });
}

at::Tensor wide(const at::Tensor& x) { return x.to(at::kDouble); }

}  // namespace

GVL_TEST(test_rms_norm) {
  for_each_shape([](const at::Tensor& x, const std::string& name) {
    const auto weight = at::randn({x.size(-1)});
    const auto expected = wide(x).div(wide(x).square().mean(-1, true).add(1e-5).sqrt()).mul(wide(weight));
    expect_close(ops::rms_norm(x, weight, 1e-5), expected, 2e-6, 1, name);
    const auto rounded = weight.to(at::kBFloat16);
    expect_close(ops::rms_norm(x, rounded, 1e-5), ops::rms_norm(x, rounded.to(at::kFloat), 1e-5), 0, 0, name);
  });
}

GVL_TEST(test_layer_norm) {
  for_each_shape([](const at::Tensor& x, const std::string& name) {
    if (x.size(-1) == 1) return;  // a row of one has no spread: the result is the bias and rounding
    const auto shifted = x.add(10);
    const auto weight = at::randn({x.size(-1)}), bias = at::randn({x.size(-1)});
    const auto expected = at::layer_norm(wide(shifted), {x.size(-1)}, wide(weight), wide(bias), 1e-5);
    expect_close(ops::layer_norm(shifted, weight, bias, 1e-5), expected, 3e-6, 2, name);
  });
}

GVL_TEST(test_activations) {
  for_each_shape([](const at::Tensor& x, const std::string& name) {
    expect_close(ops::gelu(x.clone()), at::gelu(wide(x)), 1e-6, 1, "gelu " + name);
    expect_close(ops::quick_gelu(x.clone()), wide(x).mul(wide(x).mul(1.702).sigmoid()), 1e-6, 1, "quick_gelu " + name);
    const auto gate_up = at::cat({x, x.mul(-0.7)}, -1);
    expect_close(ops::silu_and_multiply(gate_up), at::silu(wide(x)).mul(wide(x.mul(-0.7))), 2e-6, 1, "silu " + name);
  });
}

GVL_TEST(test_activations_everywhere) {
  const auto x = at::linspace(-120, 120, 100001);
  for_each_kernels([&] {
    expect_close(ops::gelu(x.clone()), at::gelu(wide(x)), 5e-7, 1, "gelu");
    expect_close(ops::quick_gelu(x.clone()), wide(x).mul(wide(x).mul(1.702).sigmoid()), 5e-7, 1, "quick_gelu");
    auto special = at::tensor({0.0f, -INFINITY, INFINITY, NAN, -3e38f, 3e38f, 1e-40f, -0.0f});
    const auto y = ops::gelu(special.clone());
    ck_assert(y[3].isnan().item<bool>() && y[2].item<float>() == INFINITY && y[5].item<float>() == 3e38f);
    ck_assert(ops::quick_gelu(special.clone())[3].isnan().item<bool>());
  });
}

GVL_TEST(test_add_scaled) {
  for_each_shape([](const at::Tensor& x, const std::string& name) {
    const auto y = at::randn(x.sizes()), scale = at::randn({x.size(-1)});
    expect_close(ops::add_scaled(x.clone(), y, scale), wide(x).add(wide(y).mul(wide(scale))), 1e-6, 1, name);
    expect_close(ops::add_scaled(x.clone(), y), wide(x).add(wide(y)), 1e-6, 1, name);
  });
}

GVL_TEST(test_strided_inputs) {
  for_each_kernels([] {
    at::NoGradGuard no_grad;
    const auto x = at::randn({6, 80}), part = x.narrow(1, 5, 33), before = x.clone();
    expect_close(ops::gelu(part), at::gelu(wide(part)), 1e-6, 1, "gelu");
    expect_close(ops::add_scaled(part, part.narrow(0, 0, 1).expand({6, 33})), wide(part).add(wide(part[0])), 1e-6, 1,
                 "add");
    expect_close(ops::rms_norm(part.t(), at::randn({6}).fill_(1), 0),
                 ops::rms_norm(part.t().contiguous(), at::randn({6}).fill_(1), 0), 0, 0, "transposed");
    ck_assert(x.equal(before));
  });
}

GVL_TEST(test_in_place_only_without_autograd) {
  const auto x = at::randn({4, 16}), before = x.clone();
  ops::gelu(x);
  ops::quick_gelu(x);
  ops::add_scaled(x, x);
  ck_assert(x.equal(before));
}

static at::Tensor rotated(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const auto halves = wide(x).chunk(2, -1);
  const auto c = wide(cos).unsqueeze(1), s = wide(sin).unsqueeze(1);
  return at::cat({halves[0].mul(c).sub(halves[1].mul(s)), halves[1].mul(c).add(halves[0].mul(s))}, -1);
}

GVL_TEST(test_rotary) {
  for_each_kernels([] {
    for (int64_t size : {2, 6, 10, 12, 96, 128}) {
      const auto qkv = at::randn({2, 37, 3, 4, size}), q = qkv.select(2, 0), k = qkv.select(2, 1).clone();
      const auto angles = at::randn({37, size / 2}), cos = angles.cos(), sin = angles.sin();
      const auto expected = rotated(q, cos, sin);
      expect_close(ops::rotary(k, cos, sin), rotated(qkv.select(2, 1), cos, sin), 1e-6, 1, "rotary apart");
      ck_assert(k.equal(qkv.select(2, 1)));
      at::NoGradGuard no_grad;
      expect_close(ops::rotary(q, cos, sin), expected, 1e-6, 1, "rotary in a fused projection");
      ck_assert(k.equal(qkv.select(2, 1)));
      const auto shared = at::randn({1, 37, 1, size}).expand({1, 37, 3, size});
      const auto expected_shared = rotated(shared, cos, sin);
      expect_close(ops::rotary(shared, cos, sin), expected_shared, 1e-6, 1, "rotary of a broadcast head");
    }
  });
  expect_error([] { ops::rotary(at::randn({1, 2, 1, 7}), at::randn({2, 3}), at::randn({2, 3})); });
  expect_error([] { ops::rotary(at::randn({1, 2, 1, 6}), at::randn({1, 3}), at::randn({1, 3})); });
}

GVL_TEST(test_embedding) {
  const auto ids = at::tensor({3, 0, 9, 3, 7}, at::kLong), none = at::empty({0}, at::kLong);
  for_each_kernels([&] {
    for (auto type : {at::kFloat, at::kBFloat16, at::kHalf}) {
      const auto table = at::randn({10, 37}).to(type);
      at::Tensor owner;
      const auto expected = table.index_select(0, ids).to(at::kFloat);
      ck_assert(ops::embedding(table, ids).equal(expected));
      ck_assert(ops::embedding(unaligned(table, owner), ids).equal(expected));
      ck_assert(ops::embedding(table, none).sizes() == at::IntArrayRef({0, 37}));
    }
  });
  expect_error([] { ops::embedding(at::randn({10, 4}), at::tensor({10}, at::kLong)); });
  expect_error([] { ops::embedding(at::randn({10, 4}), at::tensor({-1}, at::kLong)); });
}

GVL_TEST(test_set_threads) {
  ops::set_threads(3);
  ck_assert_int_eq(at::get_num_threads(), 3);
  ops::set_threads(0);
  ck_assert(at::get_num_threads() >= 1);
}
