/* SPDX-License-Identifier: LGPL-2.1-or-later */

// With gradients wanted, every operation gives what its kernels give, and the gradients of its definition.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <functional>
#include <vector>

#include "compare.hpp"
#include "ops/ops.hpp"

using namespace gvl;
using namespace gvl::ops::test;

namespace {

using Inputs = std::vector<at::Tensor>;
using Operation = std::function<at::Tensor(const Inputs&)>;

struct Result {
  at::Tensor value;
  Inputs gradients;
};

Result differentiate(const Operation& operation, const Inputs& inputs, const at::Tensor& direction) {
  Inputs leaves;
  for (const auto& x : inputs) leaves.push_back(x.clone().requires_grad_());
  const auto value = operation(leaves);
  value.backward(direction.to(value.scalar_type()));
  Result result{value.detach(), {}};
  for (const auto& leaf : leaves) result.gradients.push_back(leaf.grad());
  return result;
}

/** The operation with gradients, the same without, and its definition in double precision, must agree. */
void check(const char* name, const Operation& operation, const Operation& definition, const Inputs& inputs) {
  const auto plain = operation(inputs);
  const auto direction = at::randn(plain.sizes());
  Inputs wide;
  for (const auto& x : inputs) wide.push_back(x.to(at::kDouble));
  const auto actual = differentiate(operation, inputs, direction);
  const auto expected = differentiate(definition, wide, direction);
  expect_close(plain, expected.value, 1e-5, 1, name);
  expect_close(actual.value, expected.value, 1e-5, 1, name);
  for (size_t i = 0; i < inputs.size(); ++i) {
    expect_close(actual.gradients[i], expected.gradients[i], 1e-5, 3, std::string(name) + "'s gradient");
  }
}

at::Tensor attention_definition(const Inputs& in, bool causal) {
  const int64_t group = in[0].size(2) / in[1].size(2), queries = in[0].size(1), keys = in[1].size(1);
  const auto heads = [&](const at::Tensor& x) { return x.repeat_interleave(group, 2).transpose(1, 2); };
  const double scale = 1 / std::sqrt(static_cast<double>(in[0].size(3)));
  auto scores = at::matmul(in[0].transpose(1, 2), heads(in[1]).transpose(2, 3)).mul(scale);
  if (causal) {
    const auto last = at::arange(keys - queries, keys).unsqueeze(1);
    scores = scores.masked_fill(at::arange(keys).unsqueeze(0).gt(last), -INFINITY);
  }
  return at::matmul(at::softmax(scores, -1), heads(in[2])).transpose(1, 2);
}

}  // namespace

GVL_TEST(test_linear) {
  const auto definition = [](const Inputs& in) { return at::linear(in[0], in[1], in[2]); };
  const auto operation = [](const Inputs& in) { return ops::linear(in[0], in[1], in[2]); };
  check("linear", operation, definition, {at::randn({2, 30, 20}), at::randn({10, 20}), at::randn({10})});
  // A frozen weight stored as bfloat16, as under LoRA.
  const auto frozen = at::randn({10, 20}).to(at::kBFloat16);
  check(
      "linear with a frozen weight", [&](const Inputs& in) { return ops::linear(in[0], frozen); },
      [&](const Inputs& in) { return at::linear(in[0], frozen.to(at::kDouble)); }, {at::randn({3, 20})});
}

GVL_TEST(test_attention) {
  for (bool causal : {false, true}) {
    const auto operation = [=](const Inputs& in) { return ops::attention(in[0], in[1], in[2], {.causal = causal}); };
    const auto definition = [=](const Inputs& in) { return attention_definition(in, causal); };
    check("attention", operation, definition,
          {at::randn({2, 20, 4, 8}), at::randn({2, 20, 4, 8}), at::randn({2, 20, 4, 8})});
    check("attention with a cache", operation, definition,
          {at::randn({1, 3, 4, 8}), at::randn({1, 20, 2, 8}), at::randn({1, 20, 2, 8})});
    check("attention of one query", operation, definition,
          {at::randn({1, 1, 4, 8}), at::randn({1, 20, 4, 8}), at::randn({1, 20, 4, 8})});
    check("attention in chunks", operation, definition,
          {at::randn({1, 600, 1, 4}), at::randn({1, 610, 1, 4}), at::randn({1, 610, 1, 4})});
  }
}

GVL_TEST(test_norms) {
  check(
      "rms_norm", [](const Inputs& in) { return ops::rms_norm(in[0], in[1], 1e-5); },
      [](const Inputs& in) { return in[0].div(in[0].square().mean(-1, true).add(1e-5).sqrt()).mul(in[1]); },
      {at::randn({5, 16}), at::randn({16})});
  check(
      "layer_norm", [](const Inputs& in) { return ops::layer_norm(in[0], in[1], in[2], 1e-5); },
      [](const Inputs& in) { return at::layer_norm(in[0], {16}, in[1], in[2], 1e-5); },
      {at::randn({5, 16}), at::randn({16}), at::randn({16})});
}

GVL_TEST(test_activations) {
  const Inputs x = {at::randn({5, 16})};
  check(
      "gelu", [](const Inputs& in) { return ops::gelu(in[0]); }, [](const Inputs& in) { return at::gelu(in[0]); }, x);
  check(
      "quick_gelu", [](const Inputs& in) { return ops::quick_gelu(in[0]); },
      [](const Inputs& in) { return in[0].mul(in[0].mul(1.702).sigmoid()); }, x);
  check(
      "silu_and_multiply", [](const Inputs& in) { return ops::silu_and_multiply(in[0]); },
      [](const Inputs& in) { return at::silu(in[0].narrow(1, 0, 8)).mul(in[0].narrow(1, 8, 8)); }, x);
}

GVL_TEST(test_add_scaled) {
  check(
      "add_scaled", [](const Inputs& in) { return ops::add_scaled(in[0], in[1], in[2]); },
      [](const Inputs& in) { return in[0].add(in[1].mul(in[2])); },
      {at::randn({5, 16}), at::randn({5, 16}), at::randn({16})});
  check(
      "add", [](const Inputs& in) { return ops::add_scaled(in[0], in[1]); },
      [](const Inputs& in) { return in[0].add(in[1]); }, {at::randn({5, 16}), at::randn({5, 16})});
}

GVL_TEST(test_rotary) {
  const auto angles = at::randn({7, 4});
  check(
      "rotary", [&](const Inputs& in) { return ops::rotary(in[0], angles.cos(), angles.sin()); },
      [&](const Inputs& in) {
        const auto a = in[0].narrow(3, 0, 4), b = in[0].narrow(3, 4, 4);
        const auto c = angles.cos().unsqueeze(1), s = angles.sin().unsqueeze(1);
        return at::cat({a.mul(c).sub(b.mul(s)), b.mul(c).add(a.mul(s))}, -1);
      },
      {at::randn({2, 7, 3, 8})});
}

GVL_TEST(test_embedding) {
  const auto ids = at::tensor({3, 0, 3}, at::kLong);
  check(
      "embedding", [&](const Inputs& in) { return ops::embedding(in[0], ids); },
      [&](const Inputs& in) { return in[0].index_select(0, ids); }, {at::randn({5, 8})});
}

GVL_TEST(test_other_types) {
  // Activations that the kernels do not take, without gradients.
  const auto x = at::randn({4, 16}), weight = at::randn({8, 16});
  expect_close(ops::linear(x.to(at::kDouble), weight), at::linear(x, weight), 1e-5, 4, "linear of doubles");
  expect_close(ops::gelu(x.to(at::kBFloat16)), at::gelu(x), 2e-2, 1, "gelu of bfloat16");
}
