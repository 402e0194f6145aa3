/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/verify.hpp"

#include <ATen/ops/isfinite.h>

#include <string>
#include <vector>

#include "gvl/convert.hpp"
#include "gvl/error.hpp"
#include "io/composite.hpp"
#include "io/data_types.hpp"
#include "io/quote.hpp"
#include "io/weights.hpp"
#include "layers/libtorch_errors.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/engine.hpp"
#include "model/model_folder.hpp"

namespace gvl {
namespace model {

void require_loadable(const std::filesystem::path& folder) { load_engine(folder, at::kCPU); }

namespace {

void require_finite(const io::Weights& weights, const std::string& name) {
  const Tensor tensor = weights.get(name);
  if (!io::is_weight_float(tensor.type) || tensor.elements() == 0) return;
  if (at::isfinite(layers::to_aten(tensor)).all().item<bool>()) return;
  throw Error(ErrorCode::kMalformed, weights.path_of(name).string() + ": tensor " + io::quote(name) +
                                         ": has weights that are no finite numbers");
}

using Progress = std::function<void(std::size_t done, std::size_t total)>;

ModelSummary check_weights(const std::filesystem::path& folder, const ModelConfig& config, const Progress& progress) {
  const io::Weights weights = io::Weights::open(folder);
  const std::vector<std::string> names = weights.names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    require_finite(weights, names[i]);
    if (progress) progress(i + 1, names.size());
  }
  return {described_type(config), config.dtype, names.size(), weights.total_bytes()};
}

ModelSummary check_members(const std::filesystem::path& folder, const ModelConfig& config, const Progress& progress) {
  ModelSummary sum{described_type(config), config.dtype};
  for (std::size_t i = 0; i < config.members.size(); ++i) {
    const auto member = check_weights(io::member_folder(folder, config.member_names[i]), config.members[i], progress);
    sum.tensors += member.tensors;
    sum.bytes += member.bytes;
  }
  return sum;
}

}  // namespace
}  // namespace model

ModelSummary verify(const std::filesystem::path& folder,
                    const std::function<void(std::size_t done, std::size_t total)>& progress) {
  return layers::rethrow_libtorch_errors("checking " + folder.string(), [&] {
    model::require_loadable(folder);
    const ModelConfig config = model::load_config(folder);
    return config.members.empty() ? model::check_weights(folder, config, progress)
                                  : model::check_members(folder, config, progress);
  });
}

}  // namespace gvl
