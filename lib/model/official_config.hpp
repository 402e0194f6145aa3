/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>

#include "gvl/config.hpp"
#include "io/language_model.hpp"

namespace gvl::model {

/** Sizes that the release has in its code, with its model.json (if there is one) laid over them. */
struct OfficialSizes {
  ModelConfig config;                      ///< all but the language model
  std::int64_t spatial_depth = 0;          ///< blocks in the checkpoint; the last one is not used
  std::int64_t temporal_depth = 0;         ///< likewise
  std::int64_t pretrained_num_frames = 0;  ///< of the temporal encoder's position embedding
  double lora_scale = 0;                   ///< alpha / r
  std::int64_t lora_rank = 0;
};

OfficialSizes read_official_sizes(const std::filesystem::path& folder, const io::LanguageModel& model);

/** The language model's config.json in Hugging Face's form; vocab_size as given (the fine-tuned one). */
LanguageModelConfig read_language_config(const std::filesystem::path& file, const io::LanguageModel& model,
                                         std::int64_t vocab_size);

}  // namespace gvl::model
