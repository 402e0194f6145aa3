/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/json.hpp"
#include "training/initialisation/option_copy_head.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/objective.hpp"
#include "training/parameter_set.hpp"

namespace gvl::training {

/** How a model begins. All but `previous_token_heads` and `option_copy_head` is for one that has no weights. */
struct Initialisation {
  bool filter_bank = false;           ///< the temporal encoder as a FilterBank
  bool query_key_matching = false;    ///< query_key_matching() behind dense supervision's layer
  std::int64_t whitening_videos = 0;  ///< so many of the data's videos decide the projectors; 0: none
  /** Model folders or files of weights: the first that has a parameter in its shape gives it, where `model` has none.
   */
  std::vector<std::filesystem::path> weights;
  std::vector<std::int64_t> new_layers;  ///< decoder layers that `weights` lack, in order: theirs are the others
  /**
   * Of all that `weights` add to hidden states. Layers read these normed, so the model says the same; but training has
   * made them long, and what is new beside them, and Muon's steps, which are of one length, count for little.
   */
  double scale = 1;
  /** Things that a detector tells are found from the first step on: ThingProjector, thing_matching(), and in the first
   * three new layers keyframe_comparison(), WordReading and thing_matching_layer(). */
  bool things = false;
  std::int64_t verbs_of_change = -1;               ///< decoder layer of make_verbs_of_change(); -1: none
  PreviousTokenHeadsOptions previous_token_heads;  ///< what the first layer becomes, also of weights that there are
  OptionCopyOptions option_copy_head;              ///< what the last layer becomes on the way
};

/** A training run, as its JSON file says (docs/training.md lists the members). */
struct TrainingConfig {
  std::filesystem::path model;   ///< a model folder; without weights in it, a new model of its sizes
  std::filesystem::path output;  ///< checkpoint, curve and the trained model go there
  io::JsonValue data;            ///< what SampleSource to make, for the program that makes it
  /** What the model is measured with on the way, for the program that does it; none: it is not. */
  std::optional<io::JsonValue> validation;
  TrainedParameters trained;
  ObjectiveOptions objective;

  Initialisation initialisation;

  std::int64_t steps = 0;  ///< optimiser steps; 0: `epochs` decides
  std::int64_t epochs = 0;
  std::int64_t batch = 1;        ///< videos a step, of all processes together
  std::int64_t micro_batch = 1;  ///< videos at a time; gradients of a step's are added up
  double warmup = 0.03;          ///< part of the steps in which the learning rates rise
  double clip_norm = 1;          ///< longest gradient; 0: any
  std::uint64_t seed = 1;
  bool bfloat16 = false;  ///< on CUDA: activations and products in bfloat16, trained weights stay float32
  std::string device = "auto";
  std::int64_t threads = 0;             ///< CPU threads that compute; 0: all cores
  std::int64_t loader_threads = 1;      ///< that make samples
  std::int64_t checkpoint_every = 100;  ///< steps
  /** Of the weights that the run began with, in those that it leaves (arXiv 2109.01903, section 3). */
  double weight_interpolation = 0;

  /** Reads and checks a file. Paths in it are relative to its folder. Throws Error naming file and member. */
  static TrainingConfig load(const std::filesystem::path& file);
};

/** What the three training stages of arXiv 2410.03290 train, by name: "alignment" (1), "temporal" (2), "instruction"
 * (3), or "all". */
TrainedParameters stage_parameters(const std::string& stage);

}  // namespace gvl::training
