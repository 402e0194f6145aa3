/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlcontext.hpp"

#include "gvlerror.hpp"
#include "gvlguard.hpp"

namespace {

using ModelHolder = std::shared_ptr<gvl::Model>;

gpointer copy_holder(gpointer holder) { return new ModelHolder(*static_cast<ModelHolder*>(holder)); }
void free_holder(gpointer holder) { delete static_cast<ModelHolder*>(holder); }

GType model_holder_get_type() {
  static const GType type = g_boxed_type_register_static("GvlModelHolder", gvl::gst::guarded<copy_holder>, free_holder);
  return type;
}

/** An empty `folder` names the default model. */
std::shared_ptr<gvl::Model> load_model(const std::string& folder, const std::string& device) {
  gvl::ModelOptions options;
  options.device = device;
  return gvl::Model::load(folder.empty() ? gvl::default_model_folder() : std::filesystem::path(folder), options);
}

}  // namespace

GstContext* gvl_model_context_load(const gchar* folder, const gchar* device, GError** error) {
  try {
    return gvl::gst::model_context_new(load_model(folder ? folder : "", device ? device : gvl::gst::kAnyDevice));
  } catch (...) {
    gvl::gst::set_error(error, std::current_exception());
    return nullptr;
  }
}

gboolean gvl_model_context_is_valid(GstContext* context) { return gvl::gst::model_of(context) != nullptr; }

namespace gvl::gst {

GstContext* model_context_new(std::shared_ptr<Model> model) {
  GstContext* context = gst_context_new(GVL_MODEL_CONTEXT_TYPE, TRUE);
  gst_structure_set(gst_context_writable_structure(context), "model", model_holder_get_type(), &model, nullptr);
  return context;
}

std::shared_ptr<Model> model_of(GstContext* context) {
  if (!context || !gst_context_has_context_type(context, GVL_MODEL_CONTEXT_TYPE)) return nullptr;
  const GValue* value = gst_structure_get_value(gst_context_get_structure(context), "model");
  if (!value || !G_VALUE_HOLDS(value, model_holder_get_type())) return nullptr;
  const auto* holder = static_cast<const ModelHolder*>(g_value_get_boxed(value));
  return holder ? *holder : nullptr;
}

void ModelClient::install_properties(GObjectClass* klass, guint model_id, guint device_id) {
  constexpr auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  g_object_class_install_property(
      klass, model_id,
      g_param_spec_string("model", "Model",
                          "Folder of the model (config.json, weights, tokenizer.json); set on one element, the others "
                          "of the pipeline share it. Without any: the default model. Takes effect on the way from NULL "
                          "to READY",
                          nullptr, flags));
  g_object_class_install_property(
      klass, device_id,
      g_param_spec_string("device", "Device",
                          "Where the model set here runs: auto (CUDA when there is one), cpu, cuda, cuda:1, ... Takes "
                          "effect on the way from NULL to READY",
                          kAnyDevice, flags));
}

void ModelClient::set_folder(const gchar* folder) {
  std::lock_guard lock(mutex_);
  folder_ = folder ? folder : "";
}

void ModelClient::set_device(const gchar* device) {
  std::lock_guard lock(mutex_);
  device_ = device && *device ? device : kAnyDevice;
}

void ModelClient::get_folder(GValue* value) const {
  std::lock_guard lock(mutex_);
  g_value_set_string(value, folder_.empty() ? nullptr : folder_.c_str());
}

void ModelClient::get_device(GValue* value) const {
  std::lock_guard lock(mutex_);
  g_value_set_string(value, device_.c_str());
}

bool ModelClient::open() {
  std::string folder, device;
  {
    std::lock_guard lock(mutex_);
    folder = folder_;
    device = device_;
  }
  // Only a device named: the default model is wanted there.
  if (folder.empty() && device == kAnyDevice) return true;
  return load(folder, device, true) != nullptr;
}

std::shared_ptr<Model> ModelClient::load(const std::string& folder, const std::string& device, bool own) {
  std::shared_ptr<Model> model;
  try {
    model = load_model(folder, device);
  } catch (...) {
    post_error(element_, std::current_exception(), "loading " + (folder.empty() ? "the default model" : folder));
    return nullptr;
  }
  {
    std::lock_guard lock(mutex_);
    model_ = model;
    own_ = own;
  }
  gst_element_post_message(element_, gst_message_new_have_context(GST_OBJECT(element_), model_context_new(model)));
  return model;
}

void ModelClient::close() {
  std::shared_ptr<Model> released;
  std::lock_guard lock(mutex_);
  released.swap(model_);
  own_ = false;
}

void ModelClient::set_context(GstContext* context) {
  auto model = model_of(context);
  if (!model) return;
  std::lock_guard lock(mutex_);
  if (!own_) model_ = std::move(model);
}

bool ModelClient::answer(GstQuery* query) const {
  const gchar* type = nullptr;
  if (GST_QUERY_TYPE(query) != GST_QUERY_CONTEXT) return false;
  gst_query_parse_context_type(query, &type);
  if (g_strcmp0(type, GVL_MODEL_CONTEXT_TYPE) != 0) return false;
  auto model = known();
  if (!model) return false;
  GstContext* context = model_context_new(std::move(model));
  gst_query_set_context(query, context);
  gst_context_unref(context);
  return true;
}

std::shared_ptr<Model> ModelClient::known() const {
  std::lock_guard lock(mutex_);
  return model_;
}

bool ModelClient::ask_neighbours(GstPadDirection direction) {
  GstQuery* query = gst_query_new_context(GVL_MODEL_CONTEXT_TYPE);
  const auto ask = [](GstElement*, GstPad* pad, gpointer data) -> gboolean {
    return !gst_pad_peer_query(pad, GST_QUERY(data));
  };
  if (direction == GST_PAD_SRC)
    gst_element_foreach_src_pad(element_, ask, query);
  else
    gst_element_foreach_sink_pad(element_, ask, query);
  GstContext* context = nullptr;
  gst_query_parse_context(query, &context);
  if (context) gst_element_set_context(element_, context);
  gst_query_unref(query);
  return known() != nullptr;
}

std::shared_ptr<Model> ModelClient::find() {
  if (auto model = known()) return model;
  if (ask_neighbours(GST_PAD_SRC) || ask_neighbours(GST_PAD_SINK)) return known();
  // A bin that knows the context, or the application's synchronous handler, sets it before this returns.
  gst_element_post_message(element_, gst_message_new_need_context(GST_OBJECT(element_), GVL_MODEL_CONTEXT_TYPE));
  if (auto model = known()) return model;
  // Set in an earlier cycle of states, before close() let go of it.
  if (GstContext* context = gst_element_get_context(element_, GVL_MODEL_CONTEXT_TYPE)) {
    set_context(context);
    gst_context_unref(context);
  }
  return known();
}

std::shared_ptr<Model> ModelClient::require() {
  if (auto model = find()) return model;
  GST_INFO_OBJECT(element_, "no element, bin or application offers a model: the default model is taken");
  return load("", kAnyDevice, false);
}

}  // namespace gvl::gst
