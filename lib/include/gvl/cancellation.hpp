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
  Cancellation() : cancelled_(std::make_shared<std::atomic<bool>>(false)) {}

  void cancel() const noexcept { cancelled_->store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_->load(std::memory_order_relaxed); }

  /** Throws Error(kCancelled) once cancel() was called: for loops that may run long. */
  void check() const {
    if (cancelled()) throw Error(ErrorCode::kCancelled, "cancelled");
  }

  /** Equal for copies, and for nothing else while one of them exists. */
  const void* id() const noexcept { return cancelled_.get(); }

 private:
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

}  // namespace gvl
