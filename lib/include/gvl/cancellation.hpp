/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <atomic>
#include <memory>

#include "gvl/error.hpp"

namespace gvl {

/**
 * A flag shared by whoever asks for work and whoever does it. Copies share the flag: they stand for one stream, whose
 * work is cancelled together and takes turns with that of other streams. All members are thread safe.
 */
class Cancellation {
 public:
  Cancellation() : shared_(std::make_shared<Shared>()) {}

  void cancel() const noexcept { shared_->cancelled.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return shared_->cancelled.load(std::memory_order_relaxed); }

  /** Work of a higher priority is done first (Model says by which rule); 0 at first. Counts for what is ready later. */
  void set_priority(int priority) const noexcept { shared_->priority.store(priority, std::memory_order_relaxed); }
  int priority() const noexcept { return shared_->priority.load(std::memory_order_relaxed); }

  /** Throws Error(kCancelled) once cancel() was called: for loops that may run long. */
  void check() const {
    if (cancelled()) throw Error(ErrorCode::kCancelled, "cancelled");
  }

  /** Equal for copies, and for nothing else while one of them exists. */
  const void* id() const noexcept { return shared_.get(); }

 private:
  struct Shared {
    std::atomic<bool> cancelled{false};
    std::atomic<int> priority{0};
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace gvl
