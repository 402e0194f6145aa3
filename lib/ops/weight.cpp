/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/weight.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "io/data_types.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"

namespace gvl::ops {
namespace {

using io::traits_of;

constexpr std::int64_t kInt4Block = traits_of(WeightType::kInt4).block, kInt8Block = traits_of(WeightType::kInt8).block;
static_assert(kInt8Block == cpu::kInt8Block && kInt4Block == cpu::kInt4Block, "the kernels know other blocks");

WeightType integer_type(const at::Tensor& data) {
  const auto type = data.scalar_type();
  TORCH_CHECK(type == at::kChar || type == at::kByte, "a weight of ", type, " has scales");
  return type == at::kChar ? WeightType::kInt8 : WeightType::kInt4;
}

std::int64_t blocks_of(std::int64_t columns, std::int64_t block) { return (columns + block - 1) / block; }

/**
 * The nearest bfloat16: what is stored, and so what weights are divided by. At least the least normal number, and at
 * most the greatest scale, which cuts weights next to the greatest float32 by a hundredth (int8) or an eighth (int4).
 */
c10::BFloat16 storable(float scale, WeightType type) {
  const float greatest = io::scale_limit(traits_of(type)) * (1 - 0x1p-8f);
  return std::clamp(scale, 0x1p-126f, greatest);
}

float greatest_magnitude(const float* x, std::int64_t count) {
  float greatest = 0;
  for (std::int64_t i = 0; i < count; ++i) greatest = std::max(greatest, std::abs(x[i]));
  return greatest;
}

c10::BFloat16 quantise_int8(const float* x, std::int64_t count, std::int8_t* to) {
  const float greatest = greatest_magnitude(x, count);
  const c10::BFloat16 scale = greatest > 0 ? storable(greatest / 127, WeightType::kInt8) : c10::BFloat16(1.0f);
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = static_cast<std::int8_t>(std::clamp(std::nearbyint(x[i] / static_cast<float>(scale)), -127.0f, 127.0f));
  }
  return scale;
}

float int4_of(float x, float inverse) { return std::clamp(std::nearbyint(x * inverse), -8.0f, 7.0f); }

double int4_error(const float* x, std::int64_t count, float scale) {
  const float inverse = 1 / scale;
  float error = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const float difference = x[i] - int4_of(x[i], inverse) * scale;
    error += difference * difference;
  }
  return error;
}

/** Of scales that map the greatest magnitude to 6 ... 9, past the range's end as well, the one with the least error. */
c10::BFloat16 best_int4_scale(const float* x, std::int64_t count) {
  const float greatest = greatest_magnitude(x, count);
  if (!(greatest > 0)) return 1.0f;
  c10::BFloat16 best = 0;
  double least = INFINITY;
  for (float steps = 6; steps <= 9; steps += 0.25f) {
    const c10::BFloat16 scale = storable(greatest / steps, WeightType::kInt4);
    const double error = int4_error(x, count, scale);
    if (error < least || best == c10::BFloat16(0)) {
      least = error;
      best = scale;
    }
  }
  return best;
}

c10::BFloat16 quantise_int4(const float* x, std::int64_t count, std::uint8_t* to) {
  const c10::BFloat16 scale = best_int4_scale(x, count);
  const float inverse = 1 / static_cast<float>(scale);
  const auto number = [&](std::int64_t i) { return static_cast<unsigned>(int4_of(x[i], inverse) + 8); };
  for (std::int64_t i = 0; i < count / 2; ++i) {
    to[i] = static_cast<std::uint8_t>(number(i) | number(i + count / 2) << 4);
  }
  return scale;
}

void quantise_row(const float* x, std::int64_t columns, WeightType type, char* to, c10::BFloat16* scales) {
  const std::int64_t block = traits_of(type).block;
  for (std::int64_t i = 0; i * block < columns; ++i) {
    const float* from = x + i * block;
    const std::int64_t count = std::min(block, columns - i * block);
    scales[i] = type == WeightType::kInt8
                    ? quantise_int8(from, count, reinterpret_cast<std::int8_t*>(to + i * block))
                    : quantise_int4(from, count, reinterpret_cast<std::uint8_t*>(to + i * block / 2));
  }
}

/** Of some bytes that are blocks of `half` bytes each. */
at::Tensor numbers_of_int4(const at::Tensor& data, std::int64_t half) {
  const auto bytes = data.unflatten(1, {-1, half});
  return at::cat({bytes.bitwise_and(15), bytes.div(16, "floor")}, 2).flatten(1).to(at::kFloat).sub(8);
}

at::Tensor numbers_of_int4(const at::Tensor& data) {
  const std::int64_t half = kInt4Block / 2, rest = data.size(1) % half, whole = data.size(1) - rest;
  std::vector<at::Tensor> parts;
  if (whole > 0) parts.push_back(numbers_of_int4(data.narrow(1, 0, whole), half));
  if (rest > 0) parts.push_back(numbers_of_int4(data.narrow(1, whole, rest), rest));
  return at::cat(parts, 1);
}

}  // namespace

Weight::Weight(at::Tensor integers, at::Tensor factors) : data(std::move(integers)), scales(std::move(factors)) {
  const std::int64_t block = traits_of(integer_type(data)).block;
  TORCH_CHECK(
      data.dim() == 2 && data.is_contiguous() && scales.is_contiguous() && scales.scalar_type() == at::kBFloat16,
      "a quantised weight: ", data.sizes(), " with scales ", scales.sizes());
  TORCH_CHECK(scales.sizes() == at::IntArrayRef({rows(), blocks_of(columns(), block)}), "a quantised weight's scales ",
              scales.sizes(), " do not fit ", data.sizes());
}

std::int64_t Weight::columns() const { return data.size(1) * (data.scalar_type() == at::kByte ? 2 : 1); }

Weight Weight::to(c10::Device device) const {
  return is_quantised() ? Weight(data.to(device), scales.to(device)) : Weight(data.to(device));
}

Weight quantise(const at::Tensor& matrix, WeightType type) {
  const auto& traits = traits_of(type);
  TORCH_CHECK(traits.block > 0 && matrix.dim() == 2, traits.name, " of ", matrix.sizes(), " has no scales");
  const auto numbers = matrix.to(at::kFloat).contiguous();
  const std::int64_t rows = numbers.size(0), columns = numbers.size(1), blocks = blocks_of(columns, traits.block);
  TORCH_CHECK(columns * traits.bits % 8 == 0, traits.name, " needs an even number of columns, not ", columns);
  TORCH_CHECK(numbers.isfinite().all().item<bool>(), "weights that are no finite numbers");
  const std::int64_t bytes = columns * traits.bits / 8;
  const auto data = at::empty({rows, bytes}, type == WeightType::kInt8 ? at::kChar : at::kByte);
  const auto scales = at::empty({rows, blocks}, at::kBFloat16);
  cpu::for_each_range(rows, columns * 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      quantise_row(numbers.data_ptr<float>() + row * columns, columns, type,
                   static_cast<char*>(data.data_ptr()) + row * bytes, scales.data_ptr<c10::BFloat16>() + row * blocks);
    }
  });
  return {data, scales};
}

at::Tensor dequantise(const Weight& weight) {
  if (!weight.is_quantised()) return weight.data;
  const WeightType type = integer_type(weight.data);
  const auto factors = weight.scales.to(at::kFloat).repeat_interleave(traits_of(type).block, 1);
  const auto numbers = type == WeightType::kInt8 ? weight.data.to(at::kFloat) : numbers_of_int4(weight.data);
  return numbers.mul(factors.narrow(1, 0, weight.columns()));
}

}  // namespace gvl::ops
