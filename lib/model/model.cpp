/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/model.hpp"

#include <system_error>

#include "gvl/error.hpp"
#include "model/loaded_model.hpp"
#include "runtime/device.hpp"
#include "runtime/model_registry.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;

runtime::ModelRegistry& registry() {
  static runtime::ModelRegistry instance;
  return instance;
}

}  // namespace

std::shared_ptr<Model> Model::load(const fs::path& folder, const ModelOptions& options) {
  std::error_code error;
  const fs::path canonical = fs::canonical(folder, error);
  if (error) throw Error(ErrorCode::kNotFound, folder.string() + ": " + error.message());
  if (!fs::is_directory(canonical)) {
    throw Error(ErrorCode::kNotFound, folder.string() + ": a model is a folder, this is a file");
  }
  const c10::Device device = runtime::choose_device(options.device);
  ModelOptions unique = options;
  unique.device = device.str();
  return registry().get({canonical, unique},
                        [&] { return std::make_shared<model::LoadedModel>(canonical, device, options); });
}

}  // namespace gvl
