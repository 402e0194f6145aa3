/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlmodelclient.hpp"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "gvlcontext.hpp"
#include "gvlerror.hpp"

namespace gvl::gst {

namespace {

namespace fs = std::filesystem;

// Below, a model is there before anybody reads what is said about it.
constexpr std::uintmax_t kLargeModel = std::uintmax_t{64} << 20;
constexpr const char* kProgressCode = "load-model";

fs::path folder_of(const ModelSettings& settings) {
  return model_folder(settings.folder ? *settings.folder : std::string());
}

std::string name_of(const ModelSettings& settings) {
  return settings.folder && !settings.folder->empty() ? *settings.folder : "the default model";
}

ModelOptions options_of(const ModelSettings& settings) {
  ModelOptions options;
  if (!settings.device.empty()) options.device = settings.device;
  options.spatial.max_batch = static_cast<int>(settings.spatial_batch);
  options.temporal.max_batch = static_cast<int>(settings.temporal_batch);
  options.fusion.max_batch = static_cast<int>(settings.fusion_batch);
  options.answer.max_batch = static_cast<int>(settings.answer_batch);
  const auto wait =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(settings.batch_wait));
  for (auto* stage : {&options.spatial, &options.temporal, &options.fusion, &options.answer}) stage->max_wait = wait;
  return options;
}

bool is_large(const fs::path& folder) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".safetensors" && entry->is_regular_file(error)) bytes += entry->file_size(error);
  return bytes >= kLargeModel;
}

void post_progress(const std::shared_ptr<Dispatcher>& dispatcher, GstProgressType type, std::string text) {
  dispatcher->run([type, text = std::move(text)](GstElement* element) {
    g_autofree gchar* valid = g_utf8_make_valid(text.c_str(), -1);
    gst_element_post_message(element, gst_message_new_progress(GST_OBJECT(element), type, kProgressCode, valid));
  });
}

}  // namespace

/**
 * GvlFilter:model:
 *
 * The model's folder, or the name of an installed one. It is set on one element of a pipeline; the others get it
 * through #GstContext. All gvl elements that compute have this property and the next ones.
 *
 * Since: 0.2
 */

/**
 * GvlFilter:device:
 *
 * Where the model that is set here runs.
 *
 * Since: 0.2
 */

/**
 * GvlFilter:spatial-batch:
 *
 * Keyframes of all streams that share the model are encoded together, so many at the most. A GPU is filled by several.
 *
 * Since: 0.2
 */

/**
 * GvlFilter:temporal-batch:
 *
 * Segments of all streams that share the model go through the temporal encoder together, so many at the most.
 *
 * Since: 0.2
 */

/**
 * GvlFilter:fusion-batch:
 *
 * Segments of all streams that share the model become tokens together, so many at the most.
 *
 * Since: 0.2
 */

/**
 * GvlFilter:answer-batch:
 *
 * Windows of all streams that share the model are answered together, so many at the most.
 *
 * Since: 0.2
 */

/**
 * GvlFilter:batch-wait:
 *
 * How long, in nanoseconds, work waits for that of other streams to fill its batch. 0 waits for nobody.
 *
 * Since: 0.2
 */

void install_model_properties(GObjectClass* klass, Locked<ModelSettings> (*settings_of)(GObject*)) {
  PropertyTable table(klass, settings_of, GST_PARAM_MUTABLE_READY);
  table.text({"model", "Model",
              "Folder of the model (config.json, weights, tokenizer.json), or name of an installed one; set on one "
              "element, the others of the "
              "pipeline share it. Without any: the default model. Takes effect on the way from READY to PAUSED, like "
              "the next ones"},
             &ModelSettings::folder);
  table.text(
      {"device", "Device", "Where the model set here runs: auto (CUDA when there is one), cpu, cuda, cuda:1, ..."},
      &ModelSettings::device);
  const Range<guint> batch{1, 1024};
  table.number(
      {"spatial-batch", "Spatial batch",
       "The most keyframes, of all streams of the model set here, that go through its spatial encoder together"},
      &ModelSettings::spatial_batch, batch);
  table.number(
      {"temporal-batch", "Temporal batch",
       "The most segments, of all streams of the model set here, that go through its temporal encoder together"},
      &ModelSettings::temporal_batch, batch);
  table.number({"fusion-batch", "Fusion batch",
                "The most segments, of all streams of the model set here, that become tokens together"},
               &ModelSettings::fusion_batch, batch);
  table.number({"answer-batch", "Answer batch",
                "The most windows, of all streams of the model set here, that are answered together"},
               &ModelSettings::answer_batch, batch);
  table.number({"batch-wait", "Batch wait",
                "How long work waits for others' to fill its batch, in ns; for many streams on a GPU"},
               &ModelSettings::batch_wait, Range<guint64>{0, 60 * GST_SECOND});
}

bool ModelClient::open(const std::shared_ptr<Dispatcher>& dispatcher) {
  ModelSettings settings;
  {
    std::lock_guard lock(mutex_);
    settings = settings_;
    if (model_ && model_->failed()) model_.reset();  // perhaps it can be loaded by now
    if (own_ && loaded_ == settings && model_) return true;
  }
  if (settings == ModelSettings()) return true;
  return load(settings, true, dispatcher) != nullptr;
}

std::shared_ptr<ModelHandle> ModelClient::load(const ModelSettings& settings, bool own,
                                               const std::shared_ptr<Dispatcher>& dispatcher) {
  const std::string doing = "loading " + name_of(settings);
  std::shared_ptr<ModelHandle> model;
  try {
    const fs::path folder = folder_of(settings);
    Model::read_config(folder);
    const bool large = is_large(folder);
    if (large) post_progress(dispatcher, GST_PROGRESS_TYPE_START, doing);
    const auto report = [dispatcher, doing, large](const std::exception_ptr& failure, std::function<void()> done) {
      if (large) post_progress(dispatcher, GST_PROGRESS_TYPE_ERROR, doing);
      dispatcher->run([=](GstElement* element) {
        post_error(element, failure, doing);
        done();
      });
    };
    model = std::make_shared<ModelHandle>(folder, options_of(settings), report);
    if (large) {
      const std::weak_ptr<ModelHandle> weak = model;
      model->model().when_ready([weak, dispatcher, name = name_of(settings)] {
        const auto loaded = weak.lock();
        if (loaded && !loaded->failed()) post_progress(dispatcher, GST_PROGRESS_TYPE_COMPLETE, name + " is loaded");
      });
    }
  } catch (...) {
    post_error(element_, std::current_exception(), doing);
    return nullptr;
  }
  std::shared_ptr<ModelHandle> released;
  {
    std::lock_guard lock(mutex_);
    released = std::exchange(model_, model);
    own_ = own;
    loaded_ = settings;
  }
  gst_element_post_message(element_, gst_message_new_have_context(GST_OBJECT(element_), model_context_new(model)));
  return model;
}

void ModelClient::close() {
  std::shared_ptr<ModelHandle> released;
  std::lock_guard lock(mutex_);
  released.swap(model_);
  own_ = false;
  loaded_.reset();
}

void ModelClient::set_context(GstContext* context) {
  auto model = model_handle_of(context);
  if (!model) return;
  std::lock_guard lock(mutex_);
  if (!own_) model_.swap(model);
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

std::shared_ptr<ModelHandle> ModelClient::known() const {
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

std::shared_ptr<ModelHandle> ModelClient::find() {
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

std::shared_ptr<ModelHandle> ModelClient::require(const std::shared_ptr<Dispatcher>& dispatcher) {
  if (auto model = find()) return model;
  GST_INFO_OBJECT(element_, "no element, bin or application offers a model: the default model is taken");
  return load({}, false, dispatcher);
}

}  // namespace gvl::gst
