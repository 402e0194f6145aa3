/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Times the operations of lib/ops/ beside LibTorch's, as fractions of what the machine can do: of the rate of a large
// matrix product, or of the speed of reading memory. Usage: ops-bench [threads] [part of a name]
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "measure.hpp"
#include "ops/aten.hpp"
#include "ops/ops.hpp"

using namespace gvl;
using Function = std::function<void()>;

namespace {

std::string wanted;
const benchmarks::MatrixProduct* product;
const benchmarks::MemoryRead* reading;

bool is_wanted(const std::string& name) { return name.find(wanted) != std::string::npos; }

/** One line: `amount` operations (or bytes) of ours and LibTorch's, against those of a yardstick. */
void compare(const std::string& name, double amount, const Function& ours, const Function& theirs,
             const Function& yardstick, double yardstick_amount, const char* unit) {
  const auto times = benchmarks::best_times({ours, theirs, yardstick});
  const double rate = amount / times[0], theirs_rate = amount / times[1], best = yardstick_amount / times[2];
  std::printf("%-44s %8.1f %s, LibTorch %8.1f; %.2f of %.1f\n", name.c_str(), rate * 1e-9, unit, theirs_rate * 1e-9,
              rate / best, best * 1e-9);
  std::fflush(stdout);
}

void compare_arithmetic(const std::string& name, double operations, const Function& ours, const Function& theirs) {
  compare(name, operations, ours, theirs, *product, product->operations(), "GFLOP/s");
}

void compare_reading(const std::string& name, double bytes, const Function& ours, const Function& theirs) {
  compare(name, bytes, ours, theirs, *reading, reading->bytes(), "GB/s");
}

/** The elements of weights: of int8 at::kChar, of int4 at::kByte. */
const char* name_of_weights(at::ScalarType type) {
  return type == at::kChar ? "int8" : type == at::kByte ? "int4" : c10::toString(type);
}

ops::Weight weight_of(const at::Tensor& numbers, at::ScalarType type) {
  if (type == at::kChar) return ops::quantise(numbers, WeightType::kInt8);
  return type == at::kByte ? ops::quantise(numbers, WeightType::kInt4) : ops::Weight(numbers.to(type));
}

double bytes_of(const ops::Weight& weight) {
  const double bytes = static_cast<double>(weight.data.nbytes());
  return weight.is_quantised() ? bytes + static_cast<double>(weight.scales.nbytes()) : bytes;
}

void linear(int64_t rows, int64_t in, int64_t out, at::ScalarType type) {
  const std::string name = "linear " + std::to_string(rows) + " " + std::to_string(in) + " " + std::to_string(out) +
                           " " + name_of_weights(type);
  if (!is_wanted(name)) return;
  const auto x = at::randn({rows, in}), bias = at::randn({out});
  const ops::Weight weight = weight_of(at::randn({out, in}), type);
  // LibTorch's product takes one type: it is given the widened weight.
  const auto wide = ops::dequantise(weight).to(at::kFloat);
  const auto ours = [&] { ops::linear(x, weight, bias); };
  const auto theirs = [&] { at::linear(x, wide, bias); };
  if (rows <= 16) {
    compare_reading(name, bytes_of(weight), ours, theirs);
  } else {
    compare_arithmetic(name, 2.0 * rows * in * out, ours, theirs);
  }
}

void attention(int64_t queries, int64_t keys, int64_t heads, int64_t kv_heads, int64_t size, bool causal,
               at::ScalarType type) {
  const std::string name = "attention " + std::to_string(queries) + " " + std::to_string(keys) + " " +
                           std::to_string(heads) + "/" + std::to_string(kv_heads) + " " + std::to_string(size) +
                           (causal ? " causal " : " ") + c10::toString(type);
  if (!is_wanted(name)) return;
  const auto q = at::randn({1, queries, heads, size});
  const auto k = at::randn({1, keys, kv_heads, size}).to(type), v = at::randn({1, keys, kv_heads, size}).to(type);
  const auto ours = [&] { ops::attention(q, k, v, {.causal = causal}); };
  const auto theirs = [&] { ops::aten::attention(q, k, v, causal, 0.1); };
  if (queries == 1) {
    compare_reading(name, 2.0 * k.numel() * k.element_size(), ours, theirs);
  } else {
    compare_arithmetic(name, 4.0 * queries * keys * heads * size / (causal ? 2 : 1), ours, theirs);
  }
}

/** Operations that read and write activations: by the bytes that must pass. */
void activations(int64_t rows, int64_t size) {
  const std::string name = " " + std::to_string(rows) + " " + std::to_string(size);
  const auto x = at::randn({rows, size}), y = at::randn({rows, size}), weight = at::randn({size});
  const double bytes = static_cast<double>(x.numel()) * sizeof(float);
  const auto run = [&](const std::string& operation, double passes, const Function& ours, const Function& theirs) {
    if (is_wanted(operation + name)) compare_reading(operation + name, passes * bytes, ours, theirs);
  };
  const auto heads = x.view({1, rows, size / 64, 64}), angles = at::randn({rows, 32});
  run(
      "rms_norm", 2, [&] { ops::rms_norm(x, weight, 1e-5); }, [&] { ops::aten::rms_norm(x, weight, 1e-5); });
  run(
      "layer_norm", 2, [&] { ops::layer_norm(x, weight, weight, 1e-5); },
      [&] { ops::aten::layer_norm(x, weight, weight, 1e-5); });
  run(
      "gelu", 2, [&] { ops::gelu(y); }, [&] { at::gelu(x); });
  run(
      "quick_gelu", 2, [&] { ops::quick_gelu(y); }, [&] { ops::aten::quick_gelu(x); });
  run(
      "silu_and_multiply", 1.5, [&] { ops::silu_and_multiply(x); }, [&] { ops::aten::silu_and_multiply(x); });
  run(
      "add_scaled", 3, [&] { ops::add_scaled(y, x, weight); }, [&] { at::addcmul(y, x, weight); });
  run(
      "rotary", 2, [&] { ops::rotary(heads, angles, angles); }, [&] { ops::aten::rotary(heads, angles, angles); });
}

}  // namespace

int main(int argc, char** argv) {
  ops::set_threads(argc > 1 ? std::atoi(argv[1]) : 0);
  wanted = argc > 2 ? argv[2] : "";
  const at::NoGradGuard no_grad;
  const benchmarks::MatrixProduct matrix_product;
  const benchmarks::MemoryRead memory_read;
  product = &matrix_product, reading = &memory_read;

  for (auto type : {at::kFloat, at::kBFloat16, at::kHalf, at::kChar, at::kByte}) {
    for (int64_t rows : {1, 2, 4, 8, 16}) linear(rows, 3072, 16384, type);
    for (int64_t rows : {24, 64, 1024}) linear(rows, 3072, 16384, type);
  }
  for (auto type : {at::kFloat, at::kChar}) {
    linear(577, 1024, 4096, type);
    linear(577, 4096, 1024, type);
    linear(2049, 1408, 6144, type);
  }
  linear(3480, 3072, 9216, at::kFloat);
  linear(3480, 8192, 3072, at::kBFloat16);

  attention(577, 577, 16, 16, 64, false, at::kFloat);
  attention(2049, 2049, 16, 16, 88, false, at::kFloat);
  attention(3480, 3480, 32, 32, 96, true, at::kFloat);
  attention(3480, 3480, 32, 32, 96, true, at::kBFloat16);
  attention(3480, 3480, 32, 8, 128, true, at::kFloat);
  for (auto type : {at::kFloat, at::kBFloat16, at::kHalf}) {
    attention(1, 3480, 32, 32, 96, false, type);
    attention(1, 30000, 32, 8, 128, false, type);
  }

  activations(1, 3072);
  activations(577, 4096);
  activations(3480, 8192);
}
