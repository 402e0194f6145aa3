/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>

#include <cstdlib>

#include "gvl/error.hpp"
#include "gvl/model.hpp"
#include "model/model_folder.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;

/** Where the model lies beside this library in a build tree; empty when the library does not know its place. */
fs::path build_tree_folder() {
  Dl_info library;
  if (dladdr(reinterpret_cast<const void*>(&default_model_folder), &library) == 0 || library.dli_fname == nullptr) {
    return {};
  }
  return fs::path(library.dli_fname).parent_path() / "../models/default";
}

}  // namespace

fs::path default_model_folder() {
  const char* chosen = std::getenv("GVL_MODEL_PATH");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  const fs::path installed = fs::path(GVL_MODEL_DIR) / "default";
  for (const fs::path& folder : {installed, build_tree_folder()}) {
    std::error_code ignored;
    if (!folder.empty() && fs::exists(folder / model::kConfigFile, ignored)) return folder;
  }
  throw Error(ErrorCode::kNotFound, "no model is named, and there is no default model in " + installed.string() +
                                        ": name a model's folder, or set GVL_MODEL_PATH to one");
}

}  // namespace gvl
