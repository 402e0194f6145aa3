/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/convert.hpp"

#include <cstddef>
#include <vector>

#include "io/data_types.hpp"
#include "io/safetensors.hpp"
#include "layers/libtorch_errors.hpp"
#include "model/model_folder.hpp"
#include "model/model_folder_writer.hpp"
#include "model/official_release.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;

ModelSummary summary_of(const model::OfficialRelease& release, const std::vector<io::TensorInfo>& infos) {
  ModelSummary summary{release.config.language.type, release.config.dtype, infos.size()};
  for (const io::TensorInfo& info : infos) summary.bytes += Tensor(info.type, info.shape).bytes();
  return summary;
}

void write_weights(const model::OfficialRelease& release, const model::ModelFolderWriter& writer,
                   const ConvertOptions& options) {
  std::vector<io::TensorInfo> infos;
  for (const model::PlannedTensor& planned : release.tensors) {
    const DataType type = options.dtype ? io::traits_of(*options.dtype).stored : planned.type;
    infos.push_back({planned.name, type, planned.shape});
  }
  if (options.begin) options.begin(summary_of(release, infos));
  writer.write_weights(infos, [&](std::size_t i) {
    // The tensor before has been written when the next is asked for.
    if (options.progress && i > 0) options.progress(i, infos.size());
    return release.tensors[i].make();
  });
  if (options.progress) options.progress(infos.size(), infos.size());
}

WeightType language_type(const model::OfficialRelease& release) {
  for (const model::PlannedTensor& planned : release.tensors) {
    if (planned.name != "language_model.lm_head.weight") continue;
    for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
      if (traits.stored == planned.type) return traits.type;
    }
  }
  return WeightType::kFloat32;
}

}  // namespace

void convert(const fs::path& official, const fs::path& out, const ConvertOptions& options) {
  layers::rethrow_libtorch_errors("converting " + official.string(), [&] {
    model::OfficialRelease release = model::open_official_release(
        official, model::Lora::kMerge, options.base ? model::Weights::kBase : model::Weights::kTuned, options.variant);
    release.config.dtype = options.dtype.value_or(language_type(release));
    const model::ModelFolderWriter writer(out);
    write_weights(release, writer, options);
    writer.write_config(release.config);
    writer.copy(release.tokenizer, model::kTokenizerFile);
    writer.publish();
  });
}

}  // namespace gvl
