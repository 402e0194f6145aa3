/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/model.hpp"

#include <cstdint>
#include <filesystem>

#include "common/quantities.hpp"
#include "gvl/model.hpp"
#include "gvl/model_folders.hpp"
#include "gvlcontext.hpp"

namespace {

const char* kind_of(const gvl::ModelConfig& config) {
  switch (config.type) {
    case gvl::ModelType::kGroundedVideoLlm:
      return "a Grounded-VideoLLM";
    case gvl::ModelType::kSimilarity:
      return "a similarity model";
    case gvl::ModelType::kThings:
      return "a model of things";
    case gvl::ModelType::kComposite:
      return "a composite";
  }
  return "";
}

/** Of its weights on disk. */
std::int64_t bytes_of(const std::filesystem::path& model) {
  std::int64_t bytes = 0;
  std::error_code ignored;
  for (const auto& folder : gvl::folders_of_model(model))
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
      if (entry.path().extension() == ".safetensors") bytes += static_cast<std::int64_t>(entry.file_size(ignored));
  return bytes;
}

}  // namespace

std::shared_ptr<GstContext> load_model(const Arguments& arguments, std::string& fault) {
  const auto named = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  g_autoptr(GError) error = nullptr;
  GstContext* model = gvl_model_context_load(named(arguments.model), named(arguments.device), &error);
  if (model) return {model, gst_context_unref};
  fault = "loading " + (arguments.model.empty() ? "the default model" : arguments.model) + ": " + error->message;
  return nullptr;
}

std::string about_model(const Arguments& arguments, GstContext* model) {
  const auto loaded = gvl::gst::model_of(model);
  return "the model " + (arguments.model.empty() ? "default" : arguments.model) + " in " + loaded->folder() + ": " +
         kind_of(loaded->config()) + ", " + size_text(bytes_of(loaded->folder())) + " of " +
         gvl::name_of(loaded->config().dtype) + ", on " + loaded->device();
}
