/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gvl/config.hpp"

namespace gvl::io {

/** What opens and closes the turns of a model's prompts; see PromptConfig. */
struct PromptTurns {
  std::string_view system, user, assistant, end;
};

/** A matrix of a checkpoint, and how many rows it has. */
struct MatrixPart {
  std::string_view name;
  std::int64_t (*rows)(const LanguageModelConfig& config);
};

/** One of the decoder's matrices that a checkpoint has in parts, first rows first. */
struct FusedMatrix {
  std::string_view name;
  std::span<const MatrixPart> parts;
};

/** Files and tensors of Grounded-VideoLLM's official release that are called differently for each model. */
struct OfficialNames {
  std::string_view variant;  ///< what users call it, and its fine-tuned weights' file has in its name
  std::string_view folder;
  std::string_view tokenizer;                           ///< or there is one in the folder "tokenizer"
  std::string_view newline_file;                        ///< beside the language model
  std::span<const std::string_view> newlines;           ///< its vectors, which the fusion has under the same names
  std::array<std::string_view, 2> spatial_projections;  ///< first and second layer of the spatial projector
};

/**
 * All that differs between the language models; the decoder that runs them is the same. To add one, describe it in a
 * file of its own in language_models/ and name it in language_model.cpp. Say every member: the
 * compiler reports a forgotten one in the files that lib/io/meson.build lists as language_model_files; the test
 * io_language_model reports empty names and turns.
 */
struct LanguageModel {
  std::string_view name;  ///< in config.json, and as Hugging Face's model_type
  PromptTurns turns;
  std::string_view before_seconds;   ///< what its training data have before a time in seconds
  std::size_t labels_before_answer;  ///< how many tokens before the answer are labels in its training
  SpatialPooling spatial_pooling;    ///< of the keyframe's features
  bool long_rope;                    ///< whether its checkpoints may scale positions as LongRoPE does
  std::span<const FusedMatrix> fused;
  OfficialNames official;

  /** The parts of the decoder's matrix `name`, perhaps with a prefix; none where the checkpoint has it whole. */
  std::span<const MatrixPart> parts_of(std::string_view name) const noexcept;
};

std::span<const LanguageModel* const> language_models() noexcept;

/** The one of this name, or null. */
const LanguageModel* find_language_model(std::string_view name) noexcept;

/** The same; throws Error(kUnsupported) with the known names when there is none. */
const LanguageModel& language_model(std::string_view name);

/** "phi3, llama" */
std::string language_model_names();

}  // namespace gvl::io
