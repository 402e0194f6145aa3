/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/language_model.hpp"

#include "gvl/error.hpp"

namespace gvl::io {

// Each in a file of its own.
extern const LanguageModel kPhi3, kLlama;

namespace {

const LanguageModel* const kModels[] = {&kPhi3, &kLlama};

}  // namespace

std::span<const MatrixPart> LanguageModel::parts_of(std::string_view matrix) const noexcept {
  for (const FusedMatrix& each : fused) {
    if (matrix.find(each.name) != matrix.npos) return each.parts;
  }
  return {};
}

std::span<const LanguageModel* const> language_models() noexcept { return kModels; }

const LanguageModel* find_language_model(std::string_view name) noexcept {
  for (const LanguageModel* model : kModels) {
    if (model->name == name) return model;
  }
  return nullptr;
}

const LanguageModel& language_model(std::string_view name) {
  if (const LanguageModel* model = find_language_model(name)) return *model;
  throw Error(ErrorCode::kUnsupported,
              "no language model \"" + std::string(name) + "\", known are " + language_model_names());
}

std::string language_model_names() {
  std::string names;
  for (const LanguageModel* model : kModels) names += (names.empty() ? "" : ", ") + std::string(model->name);
  return names;
}

}  // namespace gvl::io
