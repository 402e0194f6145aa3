/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "io/budget.hpp"

namespace gvl::io {

/** The bytes of a pickle, read from first to last, and what reading them may cost. */
class PickleInput {
 public:
  /** Throws Error(kMalformed) for one that is too long. */
  PickleInput(std::span<const std::byte> pickle, const std::string& source);

  const std::string& source() const noexcept { return source_; }
  std::size_t position() const noexcept { return position_; }
  Budget& budget() noexcept { return budget_; }

  /** Throws Error(kMalformed) that says where. */
  [[noreturn]] void fail(const std::string& what) const;

  std::string_view bytes(std::uint64_t length);
  std::string_view line();
  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }

 private:
  std::string_view text_;
  const std::string& source_;
  Budget budget_;
  std::size_t position_ = 0;
};

}  // namespace gvl::io
