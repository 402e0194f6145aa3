/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runtime/model_registry.hpp"

#include <chrono>
#include <condition_variable>
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

/** A cancellation wakes nobody: it is looked at so often. */
constexpr std::chrono::milliseconds kPatience{20};

std::shared_ptr<Model> wait_for(const Future<std::shared_ptr<Model>>& model, const Cancellation& cancellation) {
  struct Wait {
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false;
  };
  const auto wait = std::make_shared<Wait>();
  model.when_ready([wait] {
    std::lock_guard lock(wait->mutex);
    wait->over = true;
    wait->changed.notify_all();
  });
  std::unique_lock lock(wait->mutex);
  while (!wait->changed.wait_for(lock, kPatience, [&] { return wait->over; })) cancellation.check();
  return model.get();
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
      return load_or_wait(key, load, cancellation);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCancelled) throw;
    }
  }
}

std::shared_ptr<Model> ModelRegistry::load_or_wait(const ModelKey& key, const Load& load,
                                                   const Cancellation& cancellation) {
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
  if (others.valid()) return wait_for(others, cancellation);

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
