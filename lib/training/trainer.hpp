/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "training/checkpoint.hpp"
#include "training/config.hpp"
#include "training/curve.hpp"

namespace gvl::training {

/**
 * One training run. It goes on where its output folder's checkpoint is, and ends with the weights of a run that was
 * never interrupted. Started once in each of several processes (training/process_group.hpp), they train together; the
 * first one writes.
 */
class Trainer {
 public:
  /** Makes the data of a run, for a model of these sizes. */
  using MakeSource = std::function<std::shared_ptr<const SampleSource>(const ModelConfig&)>;
  using Progress = std::function<void(const CurvePoint&, std::int64_t total_steps)>;

  /** Loads the model, joins the other processes, reads the checkpoint. Throws Error naming what is at fault. */
  Trainer(const TrainingConfig& config, const MakeSource& make_source);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /**
   * Trains to the end, or until it is cancelled, which leaves a checkpoint. True at the end. Throws Error: what
   * samples throw, a loss that is no number.
   */
  bool run(const Progress& progress, const Cancellation& cancellation);

  /**
   * Writes the model as it is now into `folder`: a model folder, LoRA merged, weights of `dtype`. What was there before
   * stays whole until all is written. Throws Error.
   */
  void export_model(const std::filesystem::path& folder, WeightType dtype) const;

  /** How many steps of the run are done. */
  std::int64_t steps_done() const noexcept;

  /** Whether this process is the one that reports and writes. */
  bool leads() const noexcept;

 private:
  struct Run;
  std::unique_ptr<Run> run_;
};

}  // namespace gvl::training
