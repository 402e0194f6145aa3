/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "gvl-export.h"
#include "gvl/cancellation.hpp"
#include "gvl/future.hpp"
#include "gvl/model.hpp"

namespace gvl::gst {

/**
 * A model that is there, or is being loaded on a thread of its own. Elements share it through GstContext; when the last
 * one lets go of it, a load that is under way is cancelled, and waited for. All members are thread safe.
 */
class GVL_API ModelHandle {
 public:
  /**
   * Is told of a failure before who waits for the model is, which is once `done` is called. Where `done` is dropped
   * instead, they are told that the load was cancelled. On the loading thread.
   */
  using Report = std::function<void(const std::exception_ptr& failure, std::function<void()> done)>;

  /** A model that is there, or that somebody else will provide. */
  explicit ModelHandle(std::shared_ptr<Model> model);
  explicit ModelHandle(Future<std::shared_ptr<Model>> model) : model_(std::move(model)) {}

  /** Begins to load the model in `folder`. */
  ModelHandle(std::filesystem::path folder, ModelOptions options, Report report);

  ~ModelHandle();
  ModelHandle(const ModelHandle&) = delete;
  ModelHandle& operator=(const ModelHandle&) = delete;

  const Future<std::shared_ptr<Model>>& model() const noexcept { return model_; }

  /** The model if it is there; null while it loads and where that failed. */
  std::shared_ptr<Model> model_if_loaded() const;

  /** Whether it could not be loaded. */
  bool failed() const;

 private:
  Future<std::shared_ptr<Model>> model_;
  Cancellation cancellation_;
  std::optional<int> load_;  // its number among all that are under way
};

}  // namespace gvl::gst
