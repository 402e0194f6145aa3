/* SPDX-License-Identifier: LGPL-2.1-or-later */

// attention() against a softmax in double precision: tiles and decoding, every stored type, strides, caches.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include "compare.hpp"
#include "ops/ops.hpp"

using namespace gvl;
using namespace gvl::ops::test;
using ops::Continuation;
using ops::KeysValues;

namespace {

struct Shape {
  int64_t batch, queries, keys, heads, kv_heads, head_size;
};

at::Tensor reference(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal, double scale) {
  const int64_t group = q.size(2) / k.size(2), offset = k.size(1) - q.size(1);
  const auto all_heads = [&](const at::Tensor& x) {
    return x.to(at::kDouble).repeat_interleave(group, 2).transpose(1, 2);
  };
  auto scores = at::matmul(q.to(at::kDouble).transpose(1, 2), all_heads(k).transpose(2, 3)).mul(scale);
  if (causal) {
    const auto last = at::arange(offset, offset + q.size(1)).unsqueeze(1);
    scores = scores.masked_fill(at::arange(k.size(1)).unsqueeze(0).gt(last), -INFINITY);
  }
  return at::matmul(at::softmax(scores, -1), all_heads(v)).transpose(1, 2);
}

std::string name_of(const Shape& s) {
  std::string name;
  for (int64_t size : {s.batch, s.queries, s.keys, s.heads, s.kv_heads, s.head_size})
    name += std::to_string(size) + " ";
  return name;
}

void check(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::string& name) {
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  for (bool causal : {false, true}) {
    const auto out = ops::attention(q, k, v, {.causal = causal});
    ck_assert(out.is_contiguous());
    expect_close(out, reference(q, k, v, causal, scale), 6e-6, 1, name + (causal ? "causal" : "full"));
  }
}

void check(const Shape& s, at::ScalarType type) {
  const auto q = at::randn({s.batch, s.queries, s.heads, s.head_size}).mul(2);
  const auto k = at::randn({s.batch, s.keys, s.kv_heads, s.head_size}).to(type);
  const auto v = at::randn({s.batch, s.keys, s.kv_heads, s.head_size}).to(type);
  check(q, k, v, name_of(s));
}

}  // namespace

GVL_TEST(test_shapes) {
  const Shape shapes[] = {{1, 1, 1, 1, 1, 8},      {1, 10, 10, 2, 2, 6},    {2, 17, 17, 3, 3, 12},
                          {1, 50, 50, 2, 2, 8},    {1, 577, 577, 1, 1, 64}, {1, 195, 400, 2, 1, 88},
                          {2, 100, 193, 4, 2, 96}, {1, 97, 97, 1, 1, 128},  {1, 9, 385, 2, 2, 5},
                          {1, 30, 30, 1, 1, 1},    {1, 24, 200, 8, 1, 33},  {3, 11, 12, 2, 2, 7}};
  for_each_kernels([&] {
    for (const Shape& shape : shapes) {
      for (auto type : {at::kFloat, at::kBFloat16, at::kHalf}) check(shape, type);
    }
  });
}

GVL_TEST(test_decoding) {
  const Shape shapes[] = {{1, 1, 300, 4, 4, 96}, {1, 1, 3000, 32, 8, 16}, {2, 1, 65, 8, 1, 64}, {1, 1, 40, 2, 2, 6},
                          {1, 4, 200, 4, 2, 12}, {2, 8, 1100, 2, 2, 8},   {1, 2, 2, 3, 3, 5},   {1, 3, 70, 6, 3, 33}};
  for_each_kernels([&] {
    for (const Shape& shape : shapes) {
      for (auto type : {at::kFloat, at::kBFloat16, at::kHalf}) check(shape, type);
    }
  });
}

GVL_TEST(test_fused_projection) {
  // q, k and v as views of one projection's output.
  const int64_t heads = 4, size = 24;
  for_each_kernels([&] {
    for (int64_t tokens : {1, 3, 100}) {
      const auto qkv = at::randn({2, tokens, 3, heads, size});
      check(qkv.select(2, 0), qkv.select(2, 1), qkv.select(2, 2), "fused " + std::to_string(tokens));
    }
  });
}

GVL_TEST(test_caches) {
  // The used part of a longer cache, with the tokens outside the heads or inside.
  for_each_kernels([&] {
    for (int64_t tokens : {1, 2, 50}) {
      const auto q = at::randn({2, tokens, 8, 16});
      const auto outside = at::randn({2, 300, 4, 16}).to(at::kBFloat16);
      const auto inside = at::randn({2, 4, 300, 16}).to(at::kHalf).transpose(1, 2);
      for (const auto& cache : {outside, inside}) {
        const auto used = cache.narrow(1, 0, 222);
        check(q, used, used.mul(-1).add(cache.narrow(1, 30, 222)), "cache " + std::to_string(tokens));
        check(q, used, cache.narrow(1, 3, 222), "cache views " + std::to_string(tokens));
      }
    }
  });
}

GVL_TEST(test_unaligned) {
  for (int64_t tokens : {1, 40}) {
    const auto q = at::randn({1, tokens, 2, 10}), k = at::randn({1, 64, 2, 10}).to(at::kBFloat16);
    at::Tensor owner;
    check(q, unaligned(k, owner), k, "unaligned");
  }
}

GVL_TEST(test_scale_and_extremes) {
  // Scores of several hundreds, all negative: nothing may overflow, and padding may not win.
  for_each_kernels([] {
    for (int64_t tokens : {2, 20}) {
      const auto q = at::randn({1, tokens, 1, 8}).abs().add(20), k = at::randn({1, 205, 1, 8}).abs().add(3).neg();
      const auto v = at::randn({1, 205, 1, 8});
      for (bool causal : {false, true}) {
        const auto out = ops::attention(q, k, v, {.causal = causal, .scale = 0.5});
        expect_close(out, reference(q, k, v, causal, 0.5), 1e-4, 1, "negative scores");
      }
    }
  });
}

namespace {

/** Sequences behind a prefix. */
struct Behind {
  int64_t prefix;
  std::vector<std::pair<int64_t, int64_t>> sequences;  ///< queries, and keys that come before these
  int64_t heads, kv_heads, head_size;
};

/** Each sequence with the prefix before its own keys, alone. */
at::Tensor reference(const at::Tensor& q, const KeysValues& prefix, const std::vector<Continuation>& sequences) {
  std::vector<at::Tensor> outputs;
  int64_t row = 0;
  for (const Continuation& each : sequences) {
    const auto k = at::cat({prefix.k, each.own.k}, 1), v = at::cat({prefix.v, each.own.v}, 1);
    const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
    outputs.push_back(reference(q.narrow(1, row, each.queries), k, v, true, scale));
    row += each.queries;
  }
  return at::cat(outputs, 1);
}

void check(const Behind& shape, at::ScalarType type) {
  // As in a cache: the used part of what holds more.
  const auto cached = [&](int64_t keys) {
    return at::randn({1, keys + 3, shape.kv_heads, shape.head_size}).to(type).narrow(1, 2, keys);
  };
  const KeysValues prefix{cached(shape.prefix), cached(shape.prefix)};
  std::vector<Continuation> sequences;
  int64_t rows = 0;
  for (const auto& [queries, before] : shape.sequences) {
    sequences.push_back({queries, {cached(before + queries), cached(before + queries)}});
    rows += queries;
  }
  const auto q = at::randn({1, rows, shape.heads + 1, shape.head_size}).mul(2).narrow(2, 1, shape.heads);
  const auto expected = reference(q, prefix, sequences);
  const std::string name = std::to_string(rows) + " rows behind " + std::to_string(shape.prefix);
  expect_close(ops::attention_behind(q, prefix, sequences), expected, 6e-6, 1, name);
  expect_close(ops::attention_behind(q.to(at::kDouble), prefix, sequences), expected, 6e-6, 1, name + " by LibTorch");
}

}  // namespace

GVL_TEST(test_behind_a_prefix) {
  using Sequences = std::vector<std::pair<int64_t, int64_t>>;
  const Sequences decoding(8, {1, 30}), uneven{{1, 0}, {1, 200}, {1, 7}}, questions{{40, 0}, {7, 0}, {25, 10}};
  const Behind shapes[] = {{300, decoding, 4, 4, 96},
                           {3000, decoding, 32, 8, 16},
                           {65, uneven, 8, 1, 64},
                           {500, questions, 4, 2, 12},
                           {0, uneven, 2, 2, 6},
                           {0, questions, 3, 3, 33},
                           {40, {{1, 0}}, 2, 2, 8},
                           {40, {{100, 9}}, 2, 1, 8},
                           {1100, {{4, 0}, {2, 5}}, 2, 2, 5},
                           {193, {{1, 3}}, 6, 6, 1},
                           {90, Sequences(40, {1, 2}), 2, 2, 16}};
  for_each_kernels([&] {
    for (const Behind& shape : shapes) {
      for (auto type : {at::kFloat, at::kBFloat16, at::kHalf}) check(shape, type);
    }
  });
}

GVL_TEST(test_wrong_shapes_behind_a_prefix) {
  const auto q = at::randn({1, 3, 4, 8}), k = at::randn({1, 9, 2, 8});
  const KeysValues prefix{k, k}, own{k.narrow(1, 0, 2), k.narrow(1, 0, 2)};
  const auto other = at::randn({1, 9, 1, 8});
  ops::attention_behind(q, prefix, {{2, own}, {1, own}});
  expect_error([&] { ops::attention_behind(q, prefix, {{2, own}}); });
  expect_error([&] { ops::attention_behind(q, prefix, {{2, own}, {2, own}}); });
  expect_error([&] { ops::attention_behind(q, prefix, {{3, own}}); });
  expect_error([&] { ops::attention_behind(q, prefix, {{3, {other, other}}}); });
  expect_error([&] { ops::attention_behind(q, {k, other}, {{3, prefix}}); });
}

GVL_TEST(test_not_finite) {
  for_each_kernels([] {
    for (int64_t tokens : {1, 30}) {
      auto q = at::randn({1, tokens, 2, 8});
      const auto k = at::randn({1, 30, 2, 8});
      q.select(2, 0).fill_(NAN);
      const auto out = ops::attention(q, k, k, {});
      ck_assert(out.select(2, 0).isnan().all().item<bool>());
      ck_assert(!(out.select(2, 1).isnan().any().item<bool>()));
      q.select(2, 0).fill_(INFINITY);
      ops::attention(q, k, k, {.causal = true});
    }
  });
}

GVL_TEST(test_nothing) {
  const auto k = at::randn({1, 0, 2, 8});
  ck_assert(ops::attention(at::randn({1, 0, 2, 8}), k, k, {}).numel() == 0);
  ck_assert(ops::attention(at::randn({1, 3, 2, 8}), k, k, {}).eq(0).all().item<bool>());
  ck_assert(ops::attention(at::randn({0, 3, 2, 8}), at::randn({0, 3, 2, 8}), at::randn({0, 3, 2, 8}), {}).numel() == 0);
}

GVL_TEST(test_wrong_shapes) {
  const auto q = at::randn({1, 4, 4, 8});
  const auto fits = [&](at::IntArrayRef sizes, bool causal) {
    const auto k = at::randn(sizes);
    ops::attention(q, k, k, {.causal = causal});
  };
  expect_error([&] { fits({1, 4, 3, 8}, false); });
  expect_error([&] { fits({1, 4, 4, 7}, false); });
  expect_error([&] { fits({2, 4, 4, 8}, false); });
  expect_error([&] { fits({1, 3, 4, 8}, true); });
}

GVL_TEST(test_threads_agree) {
  for (int64_t tokens : {1, 300}) {
    const auto q = at::randn({1, tokens, 4, 32}), k = at::randn({1, 700, 4, 32});
    at::set_num_threads(1);
    const auto one = ops::attention(q, k, k, {.causal = true});
    at::set_num_threads(4);
    ck_assert(ops::attention(q, k, k, {.causal = true}).equal(one));
  }
}
