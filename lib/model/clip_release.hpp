/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "model/official_release.hpp"

namespace gvl::model {

/** What a folder with a CLIP model in Hugging Face's layout holds, in our terms. */
struct ClipRelease {
  ModelConfig config;
  std::string tokenizer;               ///< a tokenizer.json
  std::vector<PlannedTensor> tensors;  ///< names and shapes as SimilarityNetwork asks for them
};

/** Whether a folder's config.json says that it is such a folder, and none of ours. Throws Error when it is no JSON. */
bool is_clip_release(const std::filesystem::path& folder);

/**
 * Opens it: config.json, preprocessor_config.json, model.safetensors (or shards with an index, or pytorch_model.bin),
 * and tokenizer.json or vocab.json with merges.txt. All is found when this returns; the data is read by
 * PlannedTensor::make. Throws Error naming the file, and the member or tensor, at fault: kUnsupported for what is
 * computed otherwise than here.
 */
ClipRelease open_clip_release(const std::filesystem::path& folder);

/** The tokenizer.json of a CLIP's vocab.json and merges.txt. Throws Error naming the file at fault. */
std::string clip_tokenizer(const std::filesystem::path& vocabulary, const std::filesystem::path& merges);

}  // namespace gvl::model
