/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "text/tokenizer.hpp"
#include "training/loader.hpp"
#include "training/objective.hpp"
#include "training/parameter_set.hpp"

namespace gvl::training {

/**
 * That a head of the last layer becomes, in the middle of a run, one that copies the letter of a question's right
 * option (compare the copying of induction heads, Olsson et al. 2022).
 */
struct OptionCopyOptions {
  std::int64_t step = -1;   ///< before which; -1: never
  std::int64_t head = 0;    ///< that is given up for it
  std::int64_t videos = 0;  ///< of the data, which decide its values
};

/** Hidden states that the last layer reads, float32, each of length sqrt(H). */
struct OptionCopyStates {
  at::Tensor answers;  ///< [n, H]: where an answer is about to name an option's letter
  at::Tensor options;  ///< [m, H]: where an option has been read
  at::Tensor numbers;  ///< int64 [m]: which one of its question it is
  at::Tensor others;   ///< [k, H]: of other words and of videos
  double length = 1;   ///< of answers' states behind the last layer, as they are
};

/** What the head's values depend on beside hidden states. */
struct OptionCopyModel {
  at::Tensor input_gain;   ///< [H], of the last layer's first norm
  at::Tensor output_gain;  ///< [H], of the norm before the output matrix
  at::Tensor letters;      ///< [L, H]: rows of the output matrix, of options' letters
  at::Tensor codes;        ///< EventCodes::option
};

/** One head of an attention layer. */
struct HeadValues {
  at::Tensor q, k, v;  ///< [H / heads, H]
  at::Tensor o;        ///< [H, H / heads]
};

/**
 * A head that looks from where a letter is about to be named at the ends of options, at each as probably as it is told
 * there to be right (EventCodes), and adds what makes its letter probable. Options of which each knows whether it is
 * right are otherwise not found: neither where to look nor what to say is of any use without the other.
 * Throws Error(kInvalidArgument) where the states do not tell yet which option they are of.
 */
HeadValues option_copy_head(const LanguageModelConfig& config, const OptionCopyStates& states,
                            const OptionCopyModel& model);

/** Names of the matrices that a head's values stand in. */
std::vector<std::string> option_copy_matrices(const LanguageModelConfig& config);

/** Throws Error(kInvalidArgument) where `head` cannot begin so: before a run, not in its middle. */
void check_option_copy_head(const LanguageModelConfig& config, const ParameterSet& parameters,
                            const DenseSupervision& dense, std::int64_t head);

/** Makes the sample `index`. */
using MakeLoaded = std::function<LoadedSample(std::int64_t index)>;

/**
 * Writes option_copy_head() of what the first options.videos samples show into the last layer of `parameters`, those
 * that `objective` was built over. check_option_copy_head() must have accepted them. Throws Error(kInvalidArgument) as
 * option_copy_head() and for data without multiple-choice questions.
 */
void start_option_copy_head(const Objective& objective, const ParameterSet& parameters,
                            const text::Tokenizer& tokenizer, const MakeLoaded& make, const OptionCopyOptions& options);

}  // namespace gvl::training
