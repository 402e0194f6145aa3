/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/config.hpp"
#include "io/weights.hpp"
#include "ops/weight.hpp"

/**
 * Quantised matrices in a model folder (docs/models.md, "Small weights"): NAME, the integers, of int8 in the matrix's
 * own shape, of int4 as uint8 [rows, columns / 2]; and NAME_scale, bfloat16 [rows, blocks of a row].
 */
namespace gvl::model {

/** Names of the matrices that a network of this configuration multiplies with. */
std::set<std::string> matrix_names(const ModelConfig& config);

/** What the matrix `name` is stored as in a model whose weights are of `dtype`. */
WeightType matrix_type(WeightType dtype, std::string_view name) noexcept;

/** A tensor that a model folder is to have. */
struct StoredTensor {
  std::string name;
  DataType type = DataType::kFloat32;   ///< of its numbers, unless it is quantised
  std::vector<std::int64_t> shape;      ///< of its numbers
  std::filesystem::path origin;         ///< for messages: the file or folder that has them
  std::optional<WeightType> quantised;  ///< as what
};

/**
 * How a model of `dtype` stores a tensor of numbers: matrices (one of `matrices`) as `dtype` says; vectors likewise,
 * but beside quantised matrices they keep their type. Throws Error(kUnsupported) naming origin and tensor for one that
 * `dtype` cannot store.
 */
StoredTensor stored_as(WeightType dtype, const std::set<std::string>& matrices, StoredTensor tensor);

/** The tensors of a file that hold it: itself, or integers and scales. */
std::vector<io::TensorInfo> infos_of(const StoredTensor& tensor);

/**
 * Their values, made of the tensor's numbers, of any device and type. Throws Error naming origin and tensor:
 * kMalformed for what is not finite, kUnsupported for what is too great for the stored type.
 */
std::vector<at::Tensor> values_of(const StoredTensor& tensor, const at::Tensor& numbers);

/** What a tensor is quantised as; none: numbers. Throws Error(kMalformed) when there is no such tensor. */
std::optional<WeightType> quantised_type(const io::Weights& weights, const std::string& name);

/** Throws Error(kMalformed) naming file and tensor unless it is stored as a model of weights of `dtype` stores it. */
void require_matrix_type(const io::Weights& weights, const std::string& name, WeightType dtype);

/** The matrix `name`, [shape[0], ...]. Throws Error(kMalformed) naming file and tensor: shapes, types, bad scales. */
ops::Weight read_quantised(const io::Weights& weights, const std::string& name, WeightType type,
                           const std::vector<std::int64_t>& shape);

/** The name of its scales. */
std::string scales_of(const std::string& name);

}  // namespace gvl::model
