/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/verify.hpp"

#include <ATen/ops/isfinite.h>

#include <string>
#include <vector>

#include "gvl/convert.hpp"
#include "gvl/error.hpp"
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

}  // namespace
}  // namespace model

ModelSummary verify(const std::filesystem::path& folder,
                    const std::function<void(std::size_t done, std::size_t total)>& progress) {
  return layers::rethrow_libtorch_errors("checking " + folder.string(), [&] {
    model::require_loadable(folder);
    const ModelConfig config = model::load_config(folder);
    const io::Weights weights = io::Weights::open(folder);
    const std::vector<std::string> names = weights.names();
    for (std::size_t i = 0; i < names.size(); ++i) {
      model::require_finite(weights, names[i]);
      if (progress) progress(i + 1, names.size());
    }
    return ModelSummary{model::described_type(config), config.dtype, names.size(), weights.total_bytes()};
  });
}

}  // namespace gvl
