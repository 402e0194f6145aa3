/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "gvl/error.hpp"
#include "io/budget.hpp"
#include "io/json.hpp"

namespace gvl::text {

/** Longest text, in bytes, that is read, and that steps of a tokenizer may make of a shorter one. */
constexpr std::size_t kLongestText = std::size_t{4} << 20;

/**
 * What the steps of a tokenizer may make of one text, all pieces and tokens of it together: eight times its length and
 * 64 KiB, and no more than kLongestText; with the work of a Budget. For one thread.
 */
class TextBudget {
 public:
  TextBudget(std::size_t bytes, io::Budget& work)
      : longest_(std::min(kLongestText, 8 * std::min(bytes, kLongestText) + (std::size_t{64} << 10))), work_(work) {}

  /** Throws Error(kResource) when `more` bytes make a text longer than what may be made. */
  void require_length(std::size_t length, std::size_t more) const {
    if (more <= longest_ && length <= longest_ - more) return;
    throw Error(ErrorCode::kResource,
                "the tokenizer makes the text longer than " + std::to_string(longest_) + " bytes");
  }
  /** The same for a finished part of the text: what comes later may be that much shorter. */
  void take_length(std::size_t length) {
    require_length(length, 0);
    longest_ -= length;
  }
  io::Budget& work() noexcept { return work_; }

 private:
  std::size_t longest_;
  io::Budget& work_;
};

/** Looking for `pattern` bytes in a text: where it nearly is everywhere, both count at each place. */
inline void take_search(io::Budget& work, std::size_t text, std::size_t pattern) {
  work.take_steps(text * std::min(pattern, text), "replacing in it");
}

/** Throws Error(kUnsupported) when `step` would be one more than any published tokenizer's part has. */
inline void require_steps(const io::JsonValue& step, std::size_t before) {
  constexpr std::size_t kMostSteps = 64;
  if (before >= kMostSteps) throw step.error("is one step too many: more than 64 steps", ErrorCode::kUnsupported);
}

/** An Error(kUnsupported) for a step whose type is not known here. */
Error unsupported_type(const io::JsonValue& step, const std::string& type);

/** The String of a `pattern`, not empty. */
std::string string_pattern(const io::JsonValue& pattern);

}  // namespace gvl::text
