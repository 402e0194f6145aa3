/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "gvl-export.h"
#include "gvldispatcher.hpp"
#include "gvlmodelhandle.hpp"
#include "gvlproperties.hpp"

namespace gvl::gst {

/** The device of who names none. */
inline constexpr const char* kAnyDevice = "auto";

/** Which model an element loads, and how: its properties. */
struct ModelSettings {
  std::optional<std::string> folder;
  std::string device = kAnyDevice;
  guint spatial_batch = static_cast<guint>(ModelOptions().spatial.max_batch);
  guint temporal_batch = static_cast<guint>(ModelOptions().temporal.max_batch);
  guint fusion_batch = static_cast<guint>(ModelOptions().fusion.max_batch);
  guint answer_batch = static_cast<guint>(ModelOptions().answer.max_batch);
  guint64 batch_wait = 0;  ///< ns

  bool operator==(const ModelSettings&) const = default;
};

/** Installs the properties of ModelSettings. */
GVL_API void install_model_properties(GObjectClass* klass, Locked<ModelSettings> (*settings_of)(GObject*));

/**
 * An element's way to its model: its own by its properties, or that of a neighbour, bin or application through
 * GstContext. The element forwards to it what concerns the model. All members are thread safe, and none waits for a
 * model to be loaded.
 */
class GVL_API ModelClient {
 public:
  explicit ModelClient(GstElement* element) : element_(element) {}

  /** The properties' values. */
  Locked<ModelSettings> settings() { return {std::unique_lock(mutex_), settings_}; }

  /**
   * READY to PAUSED: begins to load the model that the properties name, if they do, and offers it. Where only other
   * properties than `model` are set, that is the default model. False after an element error about what is no model at
   * all; what fails later is reported by `dispatcher`. While a model of 64 MiB and more loads, messages of type
   * PROGRESS say so, by the code "load-model".
   */
  bool open(const std::shared_ptr<Dispatcher>& dispatcher);

  /** READY to NULL. */
  void close();

  /** GstElementClass::set_context, to be followed by the parent class's. */
  void set_context(GstContext* context);

  /** Answers a context query for the model. False for any other query, or without a model. */
  bool answer(GstQuery* query) const;

  /** The model, asked for where it is not known yet; null when there is none. Not from within set_context(). */
  std::shared_ptr<ModelHandle> find();

  /** The same, else the default model, which is offered, too; null after an element error as in open(). */
  std::shared_ptr<ModelHandle> require(const std::shared_ptr<Dispatcher>& dispatcher);

 private:
  std::shared_ptr<ModelHandle> load(const ModelSettings& settings, bool own,
                                    const std::shared_ptr<Dispatcher>& dispatcher);
  std::shared_ptr<ModelHandle> known() const;
  bool ask_neighbours(GstPadDirection direction);

  GstElement* element_;
  mutable std::mutex mutex_;  // guards what follows
  ModelSettings settings_;
  std::optional<ModelSettings> loaded_;  // what own_ was loaded for
  std::shared_ptr<ModelHandle> model_;
  bool own_ = false;  // model_ was named on this element: no context replaces it
};

}  // namespace gvl::gst
