#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "gvl/config.hpp"
#include "text/tokenizer.hpp"
#include "training/batch.hpp"
#include "training/objective.hpp"
#include "training/parameter_set.hpp"

namespace gvl::training {

/** That a head of the last layer begins, in the middle of a run, to choose among a question's options. */
struct ChoosingOptions {
  std::int64_t step = -1;    ///< before which; -1: never
  std::int64_t head = 0;     ///< that is given up for it
  std::int64_t videos = 96;  ///< of the data, which decide its values
};

/** Hidden states that the last layer reads, float32, each of length sqrt(H). */
struct ChoosingStates {
  at::Tensor answers;  ///< [n, H]: where an answer is about to name an option's letter
  at::Tensor options;  ///< [m, H]: where an option has been read
  at::Tensor numbers;  ///< int64 [m]: which one of its question it is
  at::Tensor others;   ///< [k, H]: of other words and of videos
  double length = 1;   ///< of answers' states behind the last layer, as they are
};

/** What the head's values depend on beside hidden states. */
struct ChoosingModel {
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
 */
HeadValues choosing_head(const LanguageModelConfig& config, const ChoosingStates& states, const ChoosingModel& model);

/** Throws Error(kInvalidArgument) where `head` cannot begin so, or does not learn. */
void check_choosing(const LanguageModelConfig& config, const ParameterSet& parameters, std::int64_t head);

/**
 * Writes choosing_head() of what `samples` show into the last layer of `parameters`, those that `objective` was built
 * over. Throws Error(kInvalidArgument) for data without multiple-choice questions, or without dense supervision.
 */
void begin_choosing(const Objective& objective, const ParameterSet& parameters, const text::Tokenizer& tokenizer,
                    std::span<const Sample> samples, std::span<const TokenizedSample> tokens, std::int64_t head);

}  // namespace gvl::training
