/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "io/language_model.hpp"

namespace gvl::model {

inline constexpr std::string_view kInternVideoFile = "internvideo/vision-encoder-InternVideo2-stage2_1b-224p-f4.pt";
inline constexpr std::string_view kCheckpointFolder = "ckpt";
inline constexpr std::string_view kVisionModelFile = "vision_model.pth";         ///< in the language model's folder
inline constexpr std::string_view kProjectorFile = "multi_modal_projector.pth";  ///< likewise; of the base weights
inline constexpr std::string_view kLanguageFolder = "language_model_seperated";  ///< likewise
inline constexpr std::string_view kTokenizerPath =
    "tokenizer/tokenizer.json";                                   ///< where there is no OfficialNames::tokenizer
inline constexpr std::string_view kReleaseConfig = "model.json";  ///< need not be there

/**
 * Of the files in the folder `ckpt` the fine-tuned weights of this model: sft_*.pth with its variant in the name, or
 * the only one. Empty where there is none or more than one.
 */
std::string checkpoint_of(const io::LanguageModel& model, std::span<const std::string> names);

/** The one of this variant (OfficialNames::variant); throws Error(kInvalidArgument) naming those that there are. */
const io::LanguageModel& model_of_variant(std::string_view variant);

}  // namespace gvl::model
