/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "model/model_folder.hpp"
#include "text/tokenizer.hpp"
#include "training/config.hpp"
#include "training/loader.hpp"
#include "training/objective.hpp"
#include "training/optimiser.hpp"
#include "training/parameter_set.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** A run, as an Initialiser sees it. */
struct InitialisedRun {
  const TrainingConfig& config;
  const ModelConfig& model;
  const text::Tokenizer& tokenizer;
  const SampleSource& source;
  const ParameterSet& parameters;
  Optimiser& optimiser;
  std::int64_t total_steps;
  std::function<Objective()> objective;                  ///< over the parameters as they are
  std::function<LoadedSample(std::int64_t index)> load;  ///< a sample of the source, with its tokens
};

/**
 * One way to give parameters values that are not learnt: when they are made, before the first step, or before a later
 * one. With several processes each of them does the same.
 */
class Initialiser {
 public:
  virtual ~Initialiser() = default;

  /**
   * The initial value of the parameter `name`; undefined where it does not change. `before` gives a parameter's value
   * without this initialiser, float32 and a tensor of its own.
   */
  virtual at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                           const ParameterSet::Origin& before) const {
    return {};
  }

  /** Throws Error(kInvalidArgument) for a run that this cannot be done in. */
  virtual void check(const InitialisedRun& run) const {}

  /** Once, before the first step. */
  virtual void before_first_step(const InitialisedRun& run) const {}

  /** A run that goes on from a checkpoint of just before `step` does it again. */
  virtual void before_step(const InitialisedRun& run, std::int64_t step) const {}
};

using Initialisers = std::vector<std::shared_ptr<const Initialiser>>;

/**
 * What `config.initialisation` asks for, in the order in which it is done. `is_new`: the model has no weights yet.
 * Throws Error(kInvalidArgument) where the model is too small for it.
 */
Initialisers make_initialisers(const TrainingConfig& config, const ModelConfig& model, bool is_new,
                               const model::FolderTokenizer& tokenizer, const EventClasses& event_classes);

/** Initial values: those of `weights` or, where it has none, initial_value(), changed by each initialiser in turn. */
ParameterSet::Origin initialised(ParameterSet::Origin weights, const Initialisers& initialisers,
                                 const ModelConfig& model, std::uint64_t seed);

}  // namespace gvl::training
