/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/release_files.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "gvl/convert.hpp"
#include "gvl/error.hpp"

namespace gvl {
namespace model {

std::string checkpoint_of(const io::LanguageModel& model, std::span<const std::string> names) {
  std::vector<std::string> all, own;
  const std::string variant = "_" + std::string(model.official.variant) + "_";
  for (const std::string& name : names) {
    if (!name.starts_with("sft_") || !name.ends_with(".pth")) continue;
    all.push_back(name);
    if (name.find(variant) != name.npos) own.push_back(name);
  }
  const std::vector<std::string>& found = own.empty() ? all : own;
  return found.size() == 1 ? found.front() : "";
}

const io::LanguageModel& model_of_variant(std::string_view variant) {
  std::string known;
  for (const io::LanguageModel* model : io::language_models()) {
    if (model->official.variant == variant) return *model;
    known += (known.empty() ? "" : ", ") + std::string(model->official.variant);
  }
  throw Error(ErrorCode::kInvalidArgument,
              std::string(variant) + ": no variant of the release (there are " + known + ")");
}

namespace {

/** Picks what is needed from the paths of all files that there are. */
class Selection {
 public:
  explicit Selection(std::vector<std::string> all) : all_(std::move(all)) { std::sort(all_.begin(), all_.end()); }

  bool has(const std::string& path) const { return std::binary_search(all_.begin(), all_.end(), path); }

  void require(const std::string& path) {
    if (!has(path)) throw Error(ErrorCode::kNotFound, path + ": not among the release's files");
    needed_.push_back(path);
  }

  /** Names of the files right in this folder. */
  std::vector<std::string> in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const std::string& path : all_) {
      const std::filesystem::path file(path);
      if (file.parent_path() == folder) names.push_back(file.filename().string());
    }
    return names;
  }

  std::vector<std::string> take() {
    std::sort(needed_.begin(), needed_.end());
    return std::move(needed_);
  }

 private:
  std::vector<std::string> all_, needed_;
};

/** Weights in the folder: safetensors, whole or in shards. Whether there are any. */
bool take_safetensors(const std::string& folder, Selection& files) {
  bool any = false;
  for (const std::string& name : files.in(folder)) {
    const bool is_weights = name.ends_with(".safetensors");
    any = any || is_weights;
    if (is_weights || name.ends_with(".safetensors.index.json")) {
      files.require(folder.empty() ? name : folder + "/" + name);
    }
  }
  return any;
}

void require_language_model(const std::string& folder, Selection& files) {
  files.require(folder + "/config.json");
  if (!take_safetensors(folder, files)) files.require(folder + "/model.safetensors");
}

void require_tuned(const io::LanguageModel& model, Selection& files) {
  const std::string folder(kCheckpointFolder), name = checkpoint_of(model, files.in(folder));
  files.require(folder + "/" + (name.empty() ? "sft_*_" + std::string(model.official.variant) + "_*.pth" : name));
}

}  // namespace
}  // namespace model

std::vector<std::string> release_variants() {
  std::vector<std::string> variants;
  for (const io::LanguageModel* model : io::language_models()) variants.emplace_back(model->official.variant);
  return variants;
}

std::vector<std::string> release_files(std::string_view variant, const std::vector<std::string>& all, bool base) {
  const io::LanguageModel& model = model::model_of_variant(variant);
  model::Selection files(all);
  const std::string folder = std::string(model.official.folder) + "/";
  files.require(std::string(model::kInternVideoFile));
  files.require(folder + std::string(model::kVisionModelFile));
  files.require(folder + std::string(model.official.newline_file));
  model::require_language_model(folder + std::string(model::kLanguageFolder), files);
  if (base) {
    files.require(folder + std::string(model::kProjectorFile));
  } else {
    model::require_tuned(model, files);
  }
  const std::string tokenizer(model::kTokenizerPath), config(model::kReleaseConfig);
  const std::string own(model.official.tokenizer);
  files.require(files.has(tokenizer) && !files.has(own) ? tokenizer : own);
  if (files.has(config)) files.require(config);
  return files.take();
}

std::vector<std::string> clip_release_files(const std::vector<std::string>& all) {
  model::Selection files(all);
  files.require("config.json");
  files.require("preprocessor_config.json");
  if (files.has("tokenizer.json") || !files.has("vocab.json")) {
    files.require("tokenizer.json");
  } else {
    files.require("vocab.json");
    files.require("merges.txt");
  }
  // Older repositories have the pickle alone.
  const bool is_pickle = !files.has("model.safetensors") && files.has("pytorch_model.bin");
  if (is_pickle) {
    files.require("pytorch_model.bin");
  } else if (!model::take_safetensors("", files)) {
    files.require("model.safetensors");
  }
  for (const std::string& name : files.in("")) {
    if (name.starts_with("LICENSE") || name.starts_with("NOTICE")) files.require(name);
  }
  return files.take();
}

}  // namespace gvl
