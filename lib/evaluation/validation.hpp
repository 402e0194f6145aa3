/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/report.hpp"
#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "gvl/model.hpp"
#include "io/json.hpp"
#include "training/config.hpp"
#include "training/trainer.hpp"

namespace gvl::evaluation {

/** Which number of a report counts, and what it is. */
struct ValidationScore {
  std::string name;  ///< "grounding miou", "multiple_choice accuracy" or "dense_captioning soda_f1"
  double value = 0;
};

/** The first of these that a report has. Throws Error(kInvalidArgument) where there is none. */
ValidationScore validation_score(const Report& report);

/**
 * A validation set beside a training run: its model is measured now and then as gvl-eval measures it, the best one so
 * far is the run's `model`, and the run ends early when it gets no better. Scores are in `validation.csv` of the run's
 * output, so that an interrupted run goes on with them. One thread at a time.
 */
class Validation {
 public:
  /**
   * Reads the member `validation` of a run's configuration: {"data": what measure() takes, "every": steps, "patience":
   * measurements, 0 for no early end}. `dtype` of the models. Throws Error naming file and member.
   */
  Validation(const training::TrainingConfig& config, WeightType dtype, std::int64_t steps_done);

  /**
   * Measures the run's model after `step` steps where it is time, at the beginning and the end, too. Throws
   * Error(kCancelled) between two videos, and what measure() throws.
   */
  void after(const training::Trainer& trainer, std::int64_t step, bool is_last, const Cancellation& cancellation);

  /** Whether the run has not become better for as long as there is patience. */
  bool is_over() const;
  /** "step 40: grounding miou 0.5123 (best: 0.5200 after step 20)"; empty where nothing was measured yet. */
  const std::string& told() const noexcept { return told_; }

 private:
  struct Measured {
    std::int64_t step;
    double score;
  };

  void read(std::int64_t steps_done);
  void write() const;
  const Measured* best() const;

  io::JsonValue data_;
  std::filesystem::path output_;
  WeightType dtype_;
  ModelOptions options_;
  std::int64_t every_, patience_;
  std::vector<Measured> measured_;
  std::string told_;
};

}  // namespace gvl::evaluation
