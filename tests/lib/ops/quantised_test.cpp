/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Weights as small integers: what quantise() writes, and linear() and embedding() with it, against plain loops.
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "compare.hpp"
#include "io/data_types.hpp"
#include "ops/cpu/integer.hpp"
#include "ops/ops.hpp"

using namespace gvl;
using namespace gvl::ops::test;
using ops::Weight;

namespace {

/** Calls f with each type that has scales, and a width of whole blocks and one that is odd where that may be. */
template <class F>
void for_each_type(F f) {
  int count = 0;
  for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
    if (traits.block == 0) continue;
    f(traits);
    ++count;
  }
  ck_assert_int_eq(count, 2);
}

/** Calls f with every table of integer kernels that can run here, and with none. */
template <class F>
void for_each_integer_kernels(F f) {
  const ops::cpu::IntegerKernels* const best = ops::cpu::integer_kernels();
  const ops::cpu::IntegerKernels* const* table = ops::cpu::supported_integer_kernels();
  do {
    ops::cpu::use_integer_kernels(*table);
    for (const int threads : {1, 3}) {
      at::set_num_threads(threads);
      f();
    }
  } while (*table++);
  ops::cpu::use_integer_kernels(best);
}

const char* kernels_name() {
  const ops::cpu::IntegerKernels* kernels = ops::cpu::integer_kernels();
  return kernels ? kernels->name : "none";
}

bool fits(const io::WeightTypeTraits& traits, int64_t columns) { return columns * traits.bits % 8 == 0; }

/** A weight's integer and scale, read from its bytes as the format is documented. */
int integer_at(const Weight& weight, int64_t row, int64_t column) {
  if (weight.data.scalar_type() == at::kChar) {
    return static_cast<const int8_t*>(weight.data.data_ptr())[row * weight.columns() + column];
  }
  const int64_t first = column / 32 * 32, half = std::min<int64_t>(32, weight.columns() - first) / 2;
  const int64_t place = column - first;
  const auto* bytes = static_cast<const uint8_t*>(weight.data.data_ptr()) + (row * weight.columns() + first) / 2;
  return (place < half ? bytes[place] & 15 : bytes[place - half] >> 4) - 8;
}

float scale_at(const Weight& weight, int64_t row, int64_t block) {
  return static_cast<float>(
      static_cast<const c10::BFloat16*>(weight.scales.data_ptr())[row * weight.scales.size(1) + block]);
}

int64_t block_of(const Weight& weight) { return weight.data.scalar_type() == at::kChar ? 128 : 32; }

/** The integer nearest to a * b, rounded once, as a fused multiplication and addition does it. */
int rounded(float a, float b) { return static_cast<int>(std::fma(a, b, 0x1.8p23f) - 0x1.8p23f); }

/** What stands for w in a product of integers: int8 with a scale for each 128 columns. */
struct Slice {
  std::vector<int> integers;
  float scale;
};

Slice slice_of(const Weight& weight, int64_t row, int64_t first, int64_t count) {
  Slice slice;
  if (block_of(weight) == 128) {
    slice.scale = scale_at(weight, row, first / 128);
    for (int64_t i = 0; i < count; ++i) slice.integers.push_back(integer_at(weight, row, first + i));
    return slice;
  }
  float greatest = 0;
  for (int64_t i = 0; i < count; i += 32) greatest = std::max(greatest, scale_at(weight, row, (first + i) / 32));
  slice.scale = greatest * (8.0f / 127);
  const float inverse = 1 / slice.scale;
  for (int64_t i = 0; i < count; ++i) {
    const float ratio = scale_at(weight, row, (first + i) / 32) * inverse;
    slice.integers.push_back(rounded(static_cast<float>(integer_at(weight, row, first + i)), ratio));
  }
  return slice;
}

Slice slice_of(const float* x, int64_t count) {
  Slice slice;
  float greatest = 0;
  for (int64_t i = 0; i < count; ++i) greatest = std::max(greatest, std::abs(x[i]));
  slice.scale = greatest / 127;
  for (int64_t i = 0; i < count; ++i) slice.integers.push_back(rounded(x[i], 127 / greatest));
  return slice;
}

/** x w^T + bias in integers, by plain loops. */
at::Tensor integer_product(const at::Tensor& x, const Weight& weight, const at::Tensor& bias) {
  const int64_t rows = x.size(0), depth = x.size(1), columns = weight.rows();
  const auto y = bias.to(at::kDouble).expand({rows, columns}).clone();
  for (int64_t first = 0; first < depth; first += 128) {
    const int64_t count = std::min<int64_t>(128, depth - first);
    std::vector<Slice> left, right;
    for (int64_t row = 0; row < rows; ++row) left.push_back(slice_of(x.data_ptr<float>() + row * depth + first, count));
    for (int64_t column = 0; column < columns; ++column) right.push_back(slice_of(weight, column, first, count));
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        int sum = 0;
        for (int64_t i = 0; i < count; ++i) sum += left[row].integers[i] * right[column].integers[i];
        y.data_ptr<double>()[row * columns + column] += double{left[row].scale} * right[column].scale * sum;
      }
    }
  }
  return y;
}

}  // namespace

GVL_TEST(what_is_written_is_what_is_documented) {
  for_each_type([](const io::WeightTypeTraits& traits) {
    for (const int64_t columns : {1, 2, 24, 33, 96, 128, 200, 320}) {
      if (!fits(traits, columns)) continue;
      const auto matrix = at::randn({5, columns});
      const Weight weight = ops::quantise(matrix, traits.type);
      ck_assert(weight.rows() == 5 && weight.columns() == columns && block_of(weight) == traits.block);
      const auto numbers = ops::dequantise(weight);
      for (int64_t row = 0; row < 5; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
          const float scale = scale_at(weight, row, column / traits.block);
          const float read = numbers[row][column].item<float>();
          ck_assert(scale > 0 && read == static_cast<float>(integer_at(weight, row, column)) * scale);
          // int4 may cut a block's greatest weights short for the sake of the others.
          const float bound = traits.type == WeightType::kInt8 ? 0.51f : 2.1f;
          ck_assert(std::abs(read - matrix[row][column].item<float>()) <= bound * scale);
        }
      }
    }
  });
}

GVL_TEST(the_error_is_that_of_the_bits) {
  const auto matrix = at::randn({64, 3072});
  const auto error = [&](WeightType type) {
    return ops::dequantise(ops::quantise(matrix, type)).sub(matrix).norm().div(matrix.norm()).item<double>();
  };
  ck_assert_msg(error(WeightType::kInt8) < 0.007, "int8: %g", error(WeightType::kInt8));
  ck_assert_msg(error(WeightType::kInt4) < 0.09, "int4: %g", error(WeightType::kInt4));
}

GVL_TEST(zeros_tiny_and_great_weights_are_kept) {
  for_each_type([](const io::WeightTypeTraits& traits) {
    for (const float value : {0.0f, 1e-37f, 1e-20f, 1e30f}) {
      const auto matrix = at::zeros({2, 64}).fill_(value);
      const auto read = ops::dequantise(ops::quantise(matrix, traits.type));
      ck_assert_msg(read.sub(matrix).abs().max().item<float>() <= 0.07f * value, "%s %g", traits.name, value);
    }
  });
}

GVL_TEST(products_of_few_rows_keep_all_digits_of_x) {
  for_each_type([](const io::WeightTypeTraits& traits) {
    for (const auto& [rows, in, out] : {std::array<int64_t, 3>{1, 128, 40},
                                        {1, 3072, 17},
                                        {2, 96, 33},
                                        {3, 1344, 65},
                                        {5, 33, 7},
                                        {4, 24, 9},
                                        {6, 454, 20},
                                        {7, 129, 31},
                                        {8, 640, 100},
                                        {9, 4096, 3},
                                        {16, 1, 1}}) {
      if (!fits(traits, in)) continue;
      const auto x = at::randn({rows, in}), bias = at::randn({out});
      const Weight weight = ops::quantise(at::randn({out, in}), traits.type);
      const auto expected = at::matmul(x.to(at::kDouble), ops::dequantise(weight).to(at::kDouble).t()).add(bias);
      for_each_kernels([&, in = in] {
        expect_close(ops::linear(x, weight, bias), expected, 2e-6, 4 * std::sqrt(static_cast<double>(in)) + 1,
                     traits.name);
      });
    }
  });
}

GVL_TEST(products_of_many_rows_are_those_of_plain_loops) {
  for_each_type([](const io::WeightTypeTraits& traits) {
    for (const auto& [rows, in, out] : {std::array<int64_t, 3>{17, 128, 48},
                                        {33, 96, 33},
                                        {50, 64, 1},
                                        {97, 300, 49},
                                        {18, 24, 10},
                                        {70, 454, 50},
                                        {40, 1, 5},
                                        {193, 256, 97},
                                        {20, 3072, 20},
                                        {18, 8192, 3}}) {
      if (!fits(traits, in)) continue;
      const auto x = at::randn({rows, in}), bias = at::randn({out});
      const Weight weight = ops::quantise(at::randn({out, in}), traits.type);
      const auto exact = at::matmul(x.to(at::kDouble), ops::dequantise(weight).to(at::kDouble).t()).add(bias);
      const auto integers = integer_product(x, weight, bias);
      for_each_integer_kernels([&, in = in] {
        const double scale = 4 * std::sqrt(static_cast<double>(in)) + 1;
        const std::string what = std::string(traits.name) + " by " + kernels_name();
        expect_close(ops::linear(x, weight, bias), ops::cpu::integer_kernels() ? integers : exact, 2e-6, scale, what);
      });
    }
  });
}

/** gvl-convert writes no -128, but a file may have it: it is the integer that it looks like, in every kernel. */
GVL_TEST(the_least_int8_is_read_as_it_is) {
  const Weight weight = ops::quantise(at::randn({24, 256}), WeightType::kInt8);
  weight.data.select(1, 7).fill_(-128);
  weight.data.select(0, 3).fill_(-128);
  ck_assert(ops::dequantise(weight)[3][9].item<float>() == -128 * scale_at(weight, 3, 0));
  for (const int64_t rows : {1, 8, 40}) {
    const auto x = at::randn({rows, 256});
    const auto exact = at::matmul(x.to(at::kDouble), ops::dequantise(weight).to(at::kDouble).t());
    const auto integers = integer_product(x, weight, at::zeros({24}));
    for_each_integer_kernels([&] {
      const bool by_integers = rows == 40 && ops::cpu::integer_kernels();
      expect_close(ops::linear(x, weight), by_integers ? integers : exact, 2e-6, 65, kernels_name());
    });
  }
}

GVL_TEST(many_panels_and_unaligned_weights) {
  for_each_type([](const io::WeightTypeTraits& traits) {
    const auto x = at::randn({3200, 160}), matrix = at::randn({700, 160});
    const Weight aligned = ops::quantise(matrix, traits.type);
    at::Tensor owners[2];
    const Weight weight(unaligned(aligned.data, owners[0]), unaligned(aligned.scales, owners[1]));
    const auto exact = at::matmul(x, ops::dequantise(aligned).t());
    for_each_integer_kernels([&] {
      const auto y = ops::linear(x, weight);
      const double error = y.sub(exact).norm().div(exact.norm()).item<double>();
      ck_assert_msg(error < 0.02, "%s by %s: %g", traits.name, kernels_name(), error);
      ck_assert(y.equal(ops::linear(x, aligned)));
    });
  });
}

GVL_TEST(what_is_not_finite_stays_in_its_row) {
  for_each_integer_kernels([] {
    const Weight weight = ops::quantise(at::randn({20, 64}), WeightType::kInt8);
    for (const int64_t rows : {1, 40}) {
      for (const double value : {NAN, INFINITY, -INFINITY}) {
        auto x = at::randn({rows, 64});
        x.select(0, 0).select(0, 5).fill_(value);
        const auto y = ops::linear(x, weight);
        ck_assert(!y.select(0, 0).isfinite().any().item<bool>());
        ck_assert(rows == 1 || y.narrow(0, 1, rows - 1).isfinite().all().item<bool>());
      }
    }
  });
}

GVL_TEST(rows_of_zeros_give_the_bias) {
  const Weight weight = ops::quantise(at::randn({20, 64}), WeightType::kInt8);
  const auto bias = at::randn({20});
  for_each_integer_kernels([&] {
    expect_close(ops::linear(at::zeros({40, 64}), weight, bias), bias.expand({40, 20}), 0, 0, kernels_name());
    ck_assert(ops::linear(at::randn({0, 64}), weight).sizes() == at::IntArrayRef({0, 20}));
  });
}

GVL_TEST(embeddings_are_the_rows) {
  for_each_type([](const io::WeightTypeTraits& traits) {
    for (const int64_t columns : {192, 33, 24, 3072}) {
      if (!fits(traits, columns)) continue;
      const Weight table = ops::quantise(at::randn({10, columns}), traits.type);
      const auto ids = at::tensor({3, 0, 9, 3}, at::kLong);
      for_each_kernels(
          [&] { ck_assert(ops::embedding(table, ids).equal(ops::dequantise(table).index_select(0, ids))); });
    }
  });
}

GVL_TEST(autograd_flows_through_to_x) {
  const Weight weight = ops::quantise(at::randn({20, 64}), WeightType::kInt4);
  const auto x = at::randn({40, 64}).requires_grad_();
  const auto y = ops::linear(x, weight);
  ck_assert(y.requires_grad());
  expect_close(y.detach(), at::matmul(x.detach(), ops::dequantise(weight).t()), 1e-5, 8, "with autograd");
}

GVL_TEST(what_does_not_fit_is_refused) {
  const auto matrix = at::randn({4, 64});
  expect_error([&] { ops::quantise(at::randn({4, 33}), WeightType::kInt4); });
  expect_error([&] { ops::quantise(matrix, WeightType::kFloat16); });
  for (const float value : {NAN, INFINITY}) {
    const auto spoiled = matrix.clone();
    spoiled[1][2].fill_(value);
    for_each_type(
        [&](const io::WeightTypeTraits& traits) { expect_error([&] { ops::quantise(spoiled, traits.type); }); });
  }
  const Weight weight = ops::quantise(matrix, WeightType::kInt8);
  expect_error([&] { Weight(weight.data, weight.scales.expand({4, 2}).contiguous()); });
  expect_error([&] { Weight(weight.data, weight.scales.to(at::kFloat)); });
  expect_error([&] { Weight(matrix, weight.scales); });
  expect_error([&] { ops::linear(at::randn({3, 65}), weight); });
}
