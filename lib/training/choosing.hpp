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

/** That a head of the last layer begins, in the middle of a run, to choose among a question's options. */
struct ChoosingOptions {
  std::int64_t step = -1;   ///< before which; -1: never
  std::int64_t head = 0;    ///< that is given up for it
  std::int64_t videos = 0;  ///< of the data, which decide its values
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
 * Throws Error(kInvalidArgument) where the states do not tell yet which option they are of.
 */
HeadValues choosing_head(const LanguageModelConfig& config, const ChoosingStates& states, const ChoosingModel& model);

/** Names of the matrices that a head's values stand in. */
std::vector<std::string> choosing_matrices(const LanguageModelConfig& config);

/** Throws Error(kInvalidArgument) where `head` cannot begin so: before a run, not in its middle. */
void check_choosing(const LanguageModelConfig& config, const ParameterSet& parameters, const DenseSupervision& dense,
                    std::int64_t head);

/** Makes the sample `index`. */
using MakeLoaded = std::function<LoadedSample(std::int64_t index)>;

/**
 * Writes choosing_head() of what the first options.videos samples show into the last layer of `parameters`, those that
 * `objective` was built over. check_choosing() must have accepted them. Throws Error(kInvalidArgument) as
 * choosing_head() and for data without multiple-choice questions.
 */
void begin_choosing(const Objective& objective, const ParameterSet& parameters, const text::Tokenizer& tokenizer,
                    const MakeLoaded& make, const ChoosingOptions& options);

}  // namespace gvl::training
