/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "gvl-export.h"
#include "gvl/model.hpp"
#include "gvlcontext.h"

namespace gvl::gst {

/** The device of who names none. */
inline constexpr const char* kAnyDevice = "auto";

/** A context that holds `model`. */
GVL_API GstContext* model_context_new(std::shared_ptr<Model> model);

/** The model of a context, null when it holds none. */
GVL_API std::shared_ptr<Model> model_of(GstContext* context);

/**
 * An element's way to its model: its own by the properties `model` and `device`, or that of a neighbour, bin or
 * application through GstContext. The element forwards to it what concerns the model. All members are thread safe.
 */
class GVL_API ModelClient {
 public:
  explicit ModelClient(GstElement* element) : element_(element) {}

  /** Installs the properties `model` and `device` under these numbers. */
  static void install_properties(GObjectClass* klass, guint model_id, guint device_id);

  void set_folder(const gchar* folder);
  void set_device(const gchar* device);
  void get_folder(GValue* value) const;
  void get_device(GValue* value) const;

  /** NULL to READY: loads the model that `model` names, if any, or with a `device` named the default model, and offers
   * it. False after an element error. */
  bool open();

  /** READY to NULL. */
  void close();

  /** GstElementClass::set_context, to be followed by the parent class's. */
  void set_context(GstContext* context);

  /** Answers a context query for the model. False for any other query, or without a model. */
  bool answer(GstQuery* query) const;

  /** The model, asked for where it is not known yet; null when there is none. Not from within set_context(). */
  std::shared_ptr<Model> find();

  /** The same, else the default model, which is offered, too; null after an element error when it cannot be loaded. */
  std::shared_ptr<Model> require();

 private:
  std::shared_ptr<Model> load(const std::string& folder, const std::string& device, bool own);
  std::shared_ptr<Model> known() const;
  bool ask_neighbours(GstPadDirection direction);

  GstElement* element_;
  mutable std::mutex mutex_;
  std::string folder_;
  std::string device_ = kAnyDevice;
  std::shared_ptr<Model> model_;
  bool own_ = false;  ///< model_ was named on this element: no context replaces it
};

}  // namespace gvl::gst
