/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runtime/model_registry.hpp"

#include <exception>
#include <tuple>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::runtime {
namespace {

auto order(const StageOptions& stage) { return std::tuple(stage.max_batch, stage.max_wait); }

auto order(const ModelKey& key) {
  const ModelOptions& options = key.options;
  return std::tuple(key.folder, options.device, options.threads, order(options.spatial), order(options.temporal),
                    order(options.fusion), order(options.answer), options.cache_type);
}

}  // namespace

bool ModelKey::operator<(const ModelKey& other) const { return order(*this) < order(other); }

void ModelRegistry::forget_released() {
  std::erase_if(entries_,
                [](const auto& entry) { return !entry.second.loading.valid() && entry.second.model.expired(); });
}

std::shared_ptr<Model> ModelRegistry::get(const ModelKey& key, const Load& load, const Cancellation& cancellation) {
  for (;;) {
    cancellation.check();
    try {
      return load_or_wait(key, load);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCancelled) throw;
    }
  }
}

std::shared_ptr<Model> ModelRegistry::load_or_wait(const ModelKey& key, const Load& load) {
  Promise<std::shared_ptr<Model>> promise;
  Future<std::shared_ptr<Model>> others;
  {
    std::lock_guard lock(mutex_);
    forget_released();
    Entry& entry = entries_[key];
    if (auto model = entry.model.lock()) return model;
    if (entry.loading.valid()) {
      others = entry.loading;
    } else {
      entry.loading = promise.future();
    }
  }
  if (others.valid()) return others.get();

  try {
    std::shared_ptr<Model> model = load();
    {
      std::lock_guard lock(mutex_);
      entries_[key] = {model, {}};
    }
    promise.set_value(model);
    return model;
  } catch (...) {
    {
      std::lock_guard lock(mutex_);
      entries_.erase(key);
    }
    promise.set_error(std::current_exception());
    throw;
  }
}

}  // namespace gvl::runtime
