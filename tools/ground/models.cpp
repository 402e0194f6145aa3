/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/models.hpp"

#include "gvlcontext.h"

Models::~Models() {
  for (const auto& [name, model] : loaded_) gst_context_unref(model);
}

GstContext* Models::load(const std::string& name, std::string& fault) {
  if (has(name)) return loaded_.at(name);
  const auto named = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  g_autoptr(GError) error = nullptr;
  GstContext* model = gvl_model_context_load(named(name), named(device_), &error);
  if (model) return loaded_[name] = model;
  fault = "loading " + (name.empty() ? "the default model" : name) + ": " + error->message;
  return nullptr;
}
