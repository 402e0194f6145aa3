/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlcontext.hpp"

#include <filesystem>
#include <utility>

#include "gvlerror.hpp"
#include "gvlguard.hpp"
#include "gvlmodelclient.hpp"

namespace {

using Holder = std::shared_ptr<gvl::gst::ModelHandle>;

gpointer copy_holder(gpointer holder) { return new Holder(*static_cast<Holder*>(holder)); }
void free_holder(gpointer holder) { delete static_cast<Holder*>(holder); }

GType model_holder_get_type() {
  static const GType type = g_boxed_type_register_static("GvlModelHolder", gvl::gst::guarded<copy_holder>, free_holder);
  return type;
}

}  // namespace

GstContext* gvl_model_context_load(const gchar* folder, const gchar* device, GError** error) {
  try {
    gvl::ModelOptions options;
    options.device = device && *device ? device : gvl::gst::kAnyDevice;
    return gvl::gst::model_context_new(gvl::Model::load(gvl::model_folder(folder ? folder : ""), options));
  } catch (...) {
    gvl::gst::set_error(error, std::current_exception());
    return nullptr;
  }
}

gboolean gvl_model_context_is_valid(GstContext* context) { return gvl::gst::model_handle_of(context) != nullptr; }

namespace gvl::gst {

GstContext* model_context_new(std::shared_ptr<ModelHandle> model) {
  GstContext* context = gst_context_new(GVL_MODEL_CONTEXT_TYPE, TRUE);
  gst_structure_set(gst_context_writable_structure(context), "model", model_holder_get_type(), &model, nullptr);
  return context;
}

GstContext* model_context_new(std::shared_ptr<Model> model) {
  return model_context_new(std::make_shared<ModelHandle>(std::move(model)));
}

std::shared_ptr<ModelHandle> model_handle_of(GstContext* context) {
  if (!context || !gst_context_has_context_type(context, GVL_MODEL_CONTEXT_TYPE)) return nullptr;
  const GValue* value = gst_structure_get_value(gst_context_get_structure(context), "model");
  if (!value || !G_VALUE_HOLDS(value, model_holder_get_type())) return nullptr;
  const auto* holder = static_cast<const Holder*>(g_value_get_boxed(value));
  return holder ? *holder : nullptr;
}

std::shared_ptr<Model> model_of(GstContext* context) {
  const auto handle = model_handle_of(context);
  return handle ? handle->model_if_loaded() : nullptr;
}

}  // namespace gvl::gst
