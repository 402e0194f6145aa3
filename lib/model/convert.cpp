/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/convert.hpp"

#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "layers/libtorch_errors.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/clip_release.hpp"
#include "model/model_folder.hpp"
#include "model/model_folder_writer.hpp"
#include "model/official_release.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;

/** What a model folder is made of. */
struct Source {
  ModelConfig config;
  fs::path tokenizer;  ///< a file to copy, or empty: tokenizer_text
  std::optional<fs::path> words;
  std::vector<model::PlannedTensor> tensors;
  bool takes_licences = false;  ///< of the folder that it is made of
  std::string tokenizer_text = {};
};

WeightType language_type(const model::OfficialRelease& release) {
  for (const model::PlannedTensor& planned : release.tensors) {
    if (planned.name != "language_model.lm_head.weight") continue;
    for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
      if (traits.block == 0 && traits.stored == planned.type) return traits.type;
    }
  }
  return WeightType::kFloat32;
}

Source source_of_release(const fs::path& folder, const ConvertOptions& options) {
  model::OfficialRelease release = model::open_official_release(
      folder, model::Lora::kMerge, options.base ? model::Weights::kBase : model::Weights::kTuned, options.variant);
  release.config.dtype = options.dtype.value_or(language_type(release));
  return {std::move(release.config), std::move(release.tokenizer), {}, std::move(release.tensors)};
}

/** A tensor of a model folder as numbers. */
model::PlannedTensor planned_of(const io::Weights& weights, const std::string& name) {
  const io::TensorInfo& info = weights.info(name);
  const auto quantised = model::quantised_type(weights, name);
  if (!quantised || !weights.contains(model::scales_of(name))) {
    return {name, info.type, info.shape, [weights, name] { return layers::to_aten(weights.get(name)); },
            weights.path_of(name)};
  }
  std::vector<std::int64_t> shape = info.shape;
  if (*quantised == WeightType::kInt4 && shape.size() == 2) shape[1] *= 2;
  return {name, DataType::kFloat32, shape,
          [weights, name, type = *quantised, shape] {
            return ops::dequantise(model::read_quantised(weights, name, type, shape)).reshape(shape);
          },
          weights.path_of(name)};
}

void refuse_composite(const fs::path& folder) {
  const ModelConfig config = model::load_config(folder);
  if (config.members.empty()) return;
  std::string names;
  for (const std::string& name : config.member_names) names += (names.empty() ? "" : " and ") + name;
  throw Error(ErrorCode::kUnsupported, folder.string() + ": is a composite of " + names + ": convert these");
}

Source source_of_model(const fs::path& folder, const ConvertOptions& options) {
  if (!options.dtype || options.base || !options.variant.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                folder.string() + ": is a model folder already; of one another --dtype can be made, and nothing else");
  }
  refuse_composite(folder);
  Source source{model::load_config(folder), folder / model::kTokenizerFile, {}, {}, true};
  source.config.dtype = *options.dtype;
  if (model::load_words(folder)) source.words = folder / model::kWordsFile;
  const io::Weights weights = io::Weights::open(folder);
  std::set<std::string> scales;
  for (const std::string& name : weights.names()) {
    if (model::quantised_type(weights, name)) scales.insert(model::scales_of(name));
  }
  for (const std::string& name : weights.names()) {
    if (scales.count(name) == 0) source.tensors.push_back(planned_of(weights, name));
  }
  return source;
}

Source source_of_clip(const fs::path& folder, const ConvertOptions& options) {
  if (options.base || !options.variant.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                folder.string() + ": is a CLIP model; of one a --dtype can be chosen, and nothing else");
  }
  model::ClipRelease release = model::open_clip_release(folder);
  if (options.dtype) release.config.dtype = *options.dtype;
  return {std::move(release.config), {}, {}, std::move(release.tensors), true, std::move(release.tokenizer)};
}

Source source_of(const fs::path& folder, const ConvertOptions& options) {
  std::error_code ignored;
  if (model::is_clip_release(folder)) return source_of_clip(folder, options);
  const bool is_model = fs::exists(folder / model::kConfigFile, ignored);
  return is_model ? source_of_model(folder, options) : source_of_release(folder, options);
}

ModelSummary summary_of(const ModelConfig& config, const std::vector<model::StoredTensor>& tensors) {
  ModelSummary summary{model::described_type(config), config.dtype};
  for (const model::StoredTensor& tensor : tensors) {
    for (const io::TensorInfo& info : model::infos_of(tensor)) {
      summary.bytes += Tensor(info.type, info.shape).bytes();
      ++summary.tensors;
    }
  }
  return summary;
}

/** How the source's tensors are stored: as they are where no type was asked for. */
std::vector<model::StoredTensor> stored_tensors(const Source& source, const ConvertOptions& options) {
  const std::set<std::string> matrices = options.dtype ? model::matrix_names(source.config) : std::set<std::string>();
  std::vector<model::StoredTensor> stored;
  for (const model::PlannedTensor& planned : source.tensors) {
    model::StoredTensor tensor{planned.name, planned.type, planned.shape, planned.origin, {}};
    stored.push_back(options.dtype ? model::stored_as(*options.dtype, matrices, std::move(tensor)) : std::move(tensor));
  }
  return stored;
}

void write_weights(const Source& source, const model::ModelFolderWriter& writer, const ConvertOptions& options) {
  const std::vector<model::StoredTensor> stored = stored_tensors(source, options);
  if (options.begin) options.begin(summary_of(source.config, stored));
  writer.write_weights(stored, [&](std::size_t i) {
    // The tensor before has been written when the next is asked for.
    if (options.progress && i > 0) options.progress(i, stored.size());
    return source.tensors[i].make();
  });
  if (options.progress) options.progress(stored.size(), stored.size());
}

/** What comes with weights by their licence goes with them: NOTICE, LICENSE and the like. */
void copy_licences(const fs::path& from, const fs::path& out) {
  std::error_code error;
  if (fs::equivalent(from, out, error)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    const bool is_licence = name.starts_with("NOTICE") || name.starts_with("LICENSE");
    if (!is_licence || !entry.is_regular_file()) continue;
    fs::copy_file(entry.path(), out / name, fs::copy_options::overwrite_existing, error);
    if (error) throw Error(ErrorCode::kResource, entry.path().string() + ": cannot be copied: " + error.message());
  }
}

}  // namespace

void convert(const fs::path& from, const fs::path& out, const ConvertOptions& options) {
  layers::rethrow_libtorch_errors("converting " + from.string(), [&] {
    const Source source = source_of(from, options);
    const model::ModelFolderWriter writer(out);
    write_weights(source, writer, options);
    writer.write_config(source.config);
    if (source.tokenizer.empty()) {
      writer.write(model::kTokenizerFile, source.tokenizer_text);
    } else {
      writer.copy(source.tokenizer, model::kTokenizerFile);
    }
    if (source.words) writer.copy(*source.words, model::kWordsFile);
    writer.publish();
    if (source.takes_licences) copy_licences(from, out);
  });
}

}  // namespace gvl
