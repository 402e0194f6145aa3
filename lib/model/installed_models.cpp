/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "gvl/error.hpp"
#include "gvl/model.hpp"
#include "model/model_folder.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultModel = "default";

constexpr int kLevels = 3;  // from lib/x86_64-linux-gnu, or a build tree's lib, to the folder of all

/** This library's folder; empty when it does not know its place. */
fs::path library_folder() {
  Dl_info library;
  if (dladdr(reinterpret_cast<const void*>(&default_model_folder), &library) == 0 || library.dli_fname == nullptr) {
    return {};
  }
  return fs::path(library.dli_fname).parent_path();
}

/** "share/gst-grounded-video/models": how models lie below the folder that all is installed in. */
fs::path below_prefix() {
  const fs::path models(GVL_MODEL_DIR), project = models.parent_path();
  return project.parent_path().filename() / project.filename() / models.filename();
}

/**
 * Where models may lie: under a folder above this library, as all that was installed may have been moved together, or
 * was installed elsewhere first; where they were to be installed; in a build tree.
 */
std::vector<fs::path> places() {
  std::vector<fs::path> places;
  const fs::path library = library_folder();
  fs::path above = library.empty() ? library : fs::absolute(library).lexically_normal();
  for (int level = 0; level < kLevels && above.has_relative_path(); ++level) {
    above = above.parent_path();
    places.push_back(above / below_prefix());
  }
  places.emplace_back(GVL_MODEL_DIR);
  if (!library.empty()) places.push_back(library / "../models");
  return places;
}

bool is_model(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / model::kConfigFile, ignored);
}

/** The folder of an installed model, or of one in the build tree; empty where there is none of this name. */
fs::path installed_folder(const fs::path& name) {
  for (const fs::path& place : places()) {
    if (!place.empty() && is_model(place / name)) return place / name;
  }
  return {};
}

}  // namespace

std::vector<std::string> installed_models() {
  std::vector<std::string> names;
  for (const fs::path& place : places()) {
    std::error_code error;
    for (fs::directory_iterator entry(place, error), end; !error && entry != end; entry.increment(error)) {
      if (is_model(entry->path())) names.push_back(entry->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

fs::path default_model_folder() {
  const char* chosen = std::getenv("GVL_MODEL_PATH");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  fs::path folder = installed_folder(kDefaultModel);
  if (!folder.empty()) return folder;
  throw Error(ErrorCode::kNotFound, "no model is named, and there is no default model in " +
                                        (fs::path(GVL_MODEL_DIR) / kDefaultModel).string() +
                                        ": name a model's folder, or set GVL_MODEL_PATH to one");
}

fs::path model_folder(const std::string& model) {
  if (model.empty()) return default_model_folder();
  std::error_code ignored;
  if (fs::path(model).filename() != model || fs::exists(model, ignored)) return model;
  if (fs::path folder = installed_folder(model); !folder.empty()) return folder;
  std::string names;
  for (const std::string& name : installed_models()) names += (names.empty() ? "" : ", ") + name;
  throw Error(ErrorCode::kNotFound, model + ": there is no such folder, and no installed model of that name" +
                                        (names.empty() ? std::string() : "; there are " + names));
}

}  // namespace gvl
