/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "gvl/cancellation.hpp"
#include "gvl/future.hpp"
#include "gvl/model.hpp"

namespace gvl::runtime {

/** What makes two loaded models the same one: all that was asked for, with the folder and the device made unique. */
struct ModelKey {
  std::filesystem::path folder;
  ModelOptions options;

  bool operator<(const ModelKey& other) const;
};

/** The models that somebody holds, shared by all who ask for the same one. Thread safe. */
class ModelRegistry {
 public:
  using Load = std::function<std::shared_ptr<Model>()>;

  /**
   * The model that `key` names. When nobody holds it, `load` makes it, on this thread and without a lock, so that
   * different models load side by side. Others who ask for the same one meanwhile wait for it and share it. If the load
   * fails, all who wait get the error, and the next caller tries again. If the loading caller is cancelled, one who
   * waits loads instead. Throws Error(kCancelled) once `cancellation` says so, also while it waits.
   */
  std::shared_ptr<Model> get(const ModelKey& key, const Load& load, const Cancellation& cancellation = {});

 private:
  struct Entry {
    std::weak_ptr<Model> model;
    Future<std::shared_ptr<Model>> loading;  // valid while it loads
  };

  std::shared_ptr<Model> load_or_wait(const ModelKey& key, const Load& load, const Cancellation& cancellation);
  void forget_released();  // with the lock held

  std::mutex mutex_;
  std::map<ModelKey, Entry> entries_;
};

}  // namespace gvl::runtime
