/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "layers/parameters.hpp"

namespace gvl::training {

/** How fast a parameter learns. */
struct LearningRates {
  double adamw = 0;               ///< 0: frozen
  double muon = 0;                ///< of matrices, which then learn by Muon; 0: by AdamW as everything else
  std::int64_t frozen_steps = 0;  ///< before it learns
};

/** Parameters whose names begin with `prefix`, and how fast they learn. */
struct ParameterGroup {
  std::string prefix;
  LearningRates rates;
};

/** LoRA on every linear layer of the language model's blocks (Hu et al. 2021). */
struct LoraOptions {
  std::int64_t rank = 0;  ///< 0: none
  double alpha = 0;
  double learning_rate = 0;
};

/** What a stage trains; everything else is frozen. */
struct TrainedParameters {
  std::vector<ParameterGroup> groups;  ///< the first that fits a name counts
  LoraOptions lora;
};

/**
 * The parameters of a model in training. Trained ones are float32 leaves that require a gradient, frozen ones keep
 * their type. A Network built over it sees what the optimiser changes. Not thread safe.
 */
class ParameterSet : public layers::ParameterSource {
 public:
  /** Where a parameter's first value comes from: name and shape; an undefined tensor where the origin has none. */
  using Origin = std::function<at::Tensor(const std::string& name, const std::vector<std::int64_t>& shape)>;

  /** What has no value in `origin` is drawn as initial_value() says with `seed`. */
  ParameterSet(Origin origin, const ModelConfig& config, TrainedParameters trained, std::uint64_t seed,
               c10::Device device);

  at::Tensor load(const std::string& name, const std::vector<std::int64_t>& shape) const override;
  std::vector<layers::Adapter> adapters(const std::string& name) const override;

  struct Trained {
    std::string name;
    at::Tensor tensor;
    LearningRates rates;
  };
  /** All trained parameters that were asked for so far, by name. */
  std::vector<Trained> trained() const;

  /** `name`'s tensor with its adapters merged in: what a model folder holds. */
  at::Tensor merged(const std::string& name) const;
  /** As merged(), but `share` of what `name` began with, and of what it has become only the rest. */
  at::Tensor interpolated_with_start(const std::string& name, double share) const;
  /** Names that a model folder holds: all that were asked for, without adapters and what only training uses. */
  std::vector<std::string> exported() const;

  /** Names of what only training uses begin so. */
  static constexpr const char* kTrainingOnly = "training.";

 private:
  struct Entry {
    at::Tensor tensor;
    LearningRates rates;
  };
  struct Slice {
    std::int64_t first_row, rows;
  };

  at::Tensor first_value(const std::string& name, const std::vector<std::int64_t>& shape) const;
  const Entry& entry(const std::string& name, const std::vector<std::int64_t>& shape, LearningRates rates) const;
  LearningRates rates_of(const std::string& name) const;
  std::vector<Slice> adapter_slices(const std::string& name, std::int64_t rows) const;

  Origin origin_;
  ModelConfig config_;
  TrainedParameters trained_;
  std::uint64_t seed_;
  c10::Device device_;
  mutable std::map<std::string, Entry> entries_;  // filled as the network asks
};

}  // namespace gvl::training
