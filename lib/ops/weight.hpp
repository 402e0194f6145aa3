/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>

#include "gvl/config.hpp"

namespace gvl::ops {

/**
 * A matrix that products stream, [rows, columns], perhaps a view of a memory-mapped file: numbers of a floating type,
 * or small integers with a scale for each block of a row's columns (io::WeightTypeTraits::block; the last block of a
 * row may be shorter). Copies share the data.
 */
struct Weight {
  Weight() = default;
  /** Of a floating type. Implicit: any matrix is a weight. */
  Weight(at::Tensor numbers) : data(std::move(numbers)) {}
  /** int8, or int4 two to a byte. Throws c10::Error when the scales do not fit. */
  Weight(at::Tensor data, at::Tensor scales);

  at::Tensor data;    ///< float32, bfloat16, float16 or int8 [rows, columns]; int4: uint8 [rows, columns / 2]
  at::Tensor scales;  ///< bfloat16 [rows, blocks] of integers, above 0; undefined of numbers

  bool is_quantised() const { return scales.defined(); }
  std::int64_t rows() const { return data.size(0); }
  std::int64_t columns() const;
  c10::Device device() const { return data.device(); }
  Weight to(c10::Device device) const;
};

/**
 * `matrix` [rows, columns], of any floating type and on a CPU, as int8 or int4, rounded to nearest. int8: the greatest
 * magnitude of a block becomes 127. int4: of some scales the one with the least squared error; a weight is its number
 * less 8, times the scale. Of a block of n weights, n even, weight i is the low half of byte i and weight i + n / 2 the
 * high one. Throws c10::Error for numbers that are not finite, and for int4 with an odd number of columns.
 */
Weight quantise(const at::Tensor& matrix, WeightType type);

/** The numbers that a weight stands for: float32 [rows, columns] of integers, else its data. On any device. */
at::Tensor dequantise(const Weight& weight);

}  // namespace gvl::ops
