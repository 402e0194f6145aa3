/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ops/weight.hpp"

namespace gvl::layers {

using ops::Weight;

/**
 * A low-rank addition to a matrix W (LoRA, Hu et al. 2021): its rows first_row ... first_row + b.size(0) - 1 gain
 * scale * b a. Kept apart from W while it is trained.
 */
struct Adapter {
  at::Tensor a;  ///< [rank, in]
  at::Tensor b;  ///< [rows, rank]
  std::int64_t first_row = 0;
  double scale = 1;
};

/** Where parameters come from: a model folder, or random numbers for a benchmark. Thread safe. */
class ParameterSource {
 public:
  virtual ~ParameterSource() = default;

  /** The tensor `name` in host memory, of any floating type, with exactly `shape`. Throws gvl::Error naming it. */
  virtual at::Tensor load(const std::string& name, const std::vector<std::int64_t>& shape) const = 0;

  /**
   * The same of a matrix that products stream, [shape[0], ...], the dimensions behind the first as one; it may be
   * quantised.
   */
  virtual Weight matrix(const std::string& name, const std::vector<std::int64_t>& shape) const {
    return load(name, shape).flatten(1);
  }

  /** What is added to the matrix `name`; nothing outside of training, where adapters are merged. */
  virtual std::vector<Adapter> adapters(const std::string& name) const { return {}; }
};

/**
 * The parameters under one prefix of a source, on their way to a device. Copies are cheap; the source must outlive
 * them, the tensors they give live on their own.
 */
class Parameters {
 public:
  /**
   * On a CUDA device numbers become `type`; on a CPU matrices stay as stored and vectors become float32. Quantised
   * matrices stay so everywhere.
   */
  Parameters(const ParameterSource& source, c10::Device device, c10::ScalarType type)
      : source_(&source), device_(device), type_(type) {}

  /** The parameters of the child module `name`: "layers", "0", "self_attn.q_proj", ... */
  Parameters operator/(std::string_view name) const;

  /** A weight that a product streams, [shape[0], ...]: perhaps a view of a memory-mapped file. */
  Weight matrix(std::string_view name, const std::vector<std::int64_t>& shape) const;

  /** The adapters of a matrix. */
  std::vector<Adapter> adapters(std::string_view name) const;

  /** A small parameter that is added or multiplied elementwise. */
  at::Tensor vector(std::string_view name, const std::vector<std::int64_t>& shape) const;

  c10::Device device() const noexcept { return device_; }
  /** The type activations have on the device. */
  c10::ScalarType activation_type() const noexcept;

 private:
  const ParameterSource* source_;
  std::string prefix_;
  c10::Device device_;
  c10::ScalarType type_;
};

}  // namespace gvl::layers
