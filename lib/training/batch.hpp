/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "gvl/config.hpp"
#include "io/language_model.hpp"
#include "text/prompt.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** TrainingOption in tokens. */
struct TokenizedOption {
  std::size_t at = 0;                 ///< index of the id behind it
  std::vector<std::int64_t> classes;  ///< as there
  std::int64_t moment = -1;           ///< temporal token at which its event begins; -1: it does not happen
  bool right = false;
};

/** One text to learn: the prompt behind the video, the answer and its end token. */
struct TokenizedText {
  std::vector<std::int64_t> ids;
  std::size_t first_label = 0;             ///< ids[first_label...] carry loss; what is before is ignored
  std::vector<std::int64_t> classes = {};  ///< TrainingText::classes
  std::vector<TokenizedOption> options = {};
};

/** Options of a batch's questions, one after the other. */
struct BatchOptions {
  at::Tensor at;       ///< int64 [n]: flat position at which it has been read
  at::Tensor numbers;  ///< int64 [n]: which option of its question, from 0
  at::Tensor weights;  ///< float32 [n]: 1 / options of its question
  at::Tensor events;   ///< float32 [n]: 1 where it tells an event
  at::Tensor moments;  ///< int64 [n]: TokenizedOption::moment
  at::Tensor rights;   ///< float32 [n]: 1 where it is the answer
  at::Tensor classes;  ///< int64 [2, m]: option and class
};

/** Both sides of a text around its video. */
struct TokenizedSample {
  std::vector<std::int64_t> before_video;  ///< the same for all texts of a model
  std::vector<TokenizedText> texts;
};

/**
 * "<seconds>" becomes a temporal token, quantised as the published training data are: by truncation, int(M * s / L),
 * at most M. Anything else in angle brackets stays. Throws Error(kInvalidArgument) for a duration that is not positive.
 */
std::string quantise_times(std::string_view text, double duration, std::int64_t temporal_tokens);

/**
 * Tokens of a training text. Labels are the answer's tokens and its end token; the published Phi labels begin one
 * token before, at the token that opens the answer turn. Throws what PromptBuilder::build_training() throws.
 */
TokenizedText tokenize(const text::PromptBuilder& prompts, const io::LanguageModel& model, const TrainingText& text,
                       double duration, std::vector<std::int64_t>* before_video);

TokenizedSample tokenize(const text::PromptBuilder& prompts, const io::LanguageModel& model, const Sample& sample);

/** A stream of some videos: pixels of those that have to be encoded, features of the others. */
struct StreamInput {
  at::Tensor pixels;    ///< uint8 [encoded * K, ...], or undefined
  at::Tensor features;  ///< float32 [others * K, rows, width], or undefined
  at::Tensor order;     ///< int64 [V]: which video each is among all of both, those with pixels first
};

/** Samples laid out for the decoder: texts one after the other in rows behind each video. On the CPU. */
struct Batch {
  StreamInput spatial, temporal;
  at::Tensor frame_labels;  ///< float32 [V, T, 3 * classes], or undefined
  at::Tensor patch_labels;  ///< float32 [V, T, grid^2, 3 * classes], or undefined
  std::vector<std::int64_t> before_video;
  at::Tensor ids;        ///< int64 [V, rows, C]; filled up with 0
  at::Tensor numbers;    ///< int64 [V, rows, C]: which text of its row; filled up with -1
  at::Tensor positions;  ///< int64 [V, rows, C]: within the text
  at::Tensor label_at;   ///< int64 [labels]: flat position whose prediction is judged (the one before the label)
  at::Tensor labels;     ///< int64 [labels]
  at::Tensor weights;    ///< float32 [labels]: 1 / labels of its text, so that every text counts the same
  at::Tensor texts_of;   ///< int64 [labels]: the text, from 0, whose answer a label belongs to
  /** Of labels whose texts have classes, and of their classes: int64 [2, n], index into label_at and class. */
  at::Tensor label_classes;
  BatchOptions options;
  std::int64_t texts = 0;
};

/** The texts alone. Throws Error when their videos cannot stand in one batch. */
Batch lay_out_texts(std::span<const TokenizedSample> samples);

/** Throws Error when the samples do not fit each other. */
Batch make_batch(std::span<const Sample> samples, std::span<const TokenizedSample> tokens);

}  // namespace gvl::training
