/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::io {

/**
 * What reading an input from outside may cost, whatever is in it: memory of 64 times its size or 8 MiB, and a
 * step for each byte that is looked at, 256 times its size or 16 Mi steps (some hundredths of a second). Readers take
 * from it before they spend; what is let go again is not given back. For one thread.
 */
class Budget {
 public:
  static constexpr std::size_t kMemoryPerByte = 64;
  static constexpr std::size_t kMemoryFloor = std::size_t{8} << 20;
  static constexpr std::size_t kStepsPerByte = 256;
  static constexpr std::size_t kStepsFloor = std::size_t{16} << 20;

  /** `what` the input is, for messages: "model.pth: its pickle". */
  Budget(std::size_t input_bytes, std::string what, ErrorCode code = ErrorCode::kMalformed)
      : memory_(kMemoryFloor + kMemoryPerByte * input_bytes),
        steps_(kStepsFloor + kStepsPerByte * input_bytes),
        what_(std::move(what)),
        code_(code) {}

  /** Throws an Error that says what ran out, and `where`. */
  void take_memory(std::size_t bytes, const char* where = "") {
    if (bytes > memory_) throw spent("memory than " + std::to_string(kMemoryPerByte) + " bytes", where);
    memory_ -= bytes;
  }

  void take_steps(std::size_t count, const char* where = "") {
    if (count > steps_) throw spent("steps than " + std::to_string(kStepsPerByte), where);
    steps_ -= count;
  }

  std::size_t memory_left() const noexcept { return memory_; }
  std::size_t steps_left() const noexcept { return steps_; }

 private:
  Error spent(const std::string& more, const char* where) const {
    return Error(code_, what_ + " needs more " + more + " for each byte that is read" +
                            (*where ? std::string(": ") + where : ""));
  }

  std::size_t memory_;
  std::size_t steps_;
  std::string what_;
  ErrorCode code_;
};

}  // namespace gvl::io
