/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/model.hpp"

#include <system_error>

#include "gvl/error.hpp"
#include "model/loaded_model.hpp"
#include "model/model_folder.hpp"
#include "runtime/device.hpp"
#include "runtime/model_registry.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;

runtime::ModelRegistry& registry() {
  static runtime::ModelRegistry instance;
  return instance;
}

fs::path canonical_folder(const fs::path& folder) {
  std::error_code error;
  fs::path canonical = fs::canonical(folder, error);
  if (error) throw Error(ErrorCode::kNotFound, folder.string() + ": " + error.message());
  if (fs::is_directory(canonical)) return canonical;
  throw Error(ErrorCode::kNotFound, folder.string() + ": a model is a folder, this is a file");
}

}  // namespace

std::shared_ptr<Model> Model::load(const fs::path& folder, const ModelOptions& options, Cancellation cancellation) {
  const fs::path canonical = canonical_folder(folder);
  const c10::Device device = runtime::choose_device(options.device);
  ModelOptions unique = options;
  unique.device = device.str();
  const auto load = [&] { return std::make_shared<model::LoadedModel>(canonical, device, options, cancellation); };
  return registry().get({canonical, unique}, load, cancellation);
}

ModelConfig Model::read_config(const fs::path& folder) { return model::load_config(canonical_folder(folder)); }

}  // namespace gvl
