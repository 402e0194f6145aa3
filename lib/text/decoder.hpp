/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/json.hpp"
#include "text/limits.hpp"

namespace gvl::text {

/**
 * The `decoder` of a tokenizer.json: null, Replace of a string, ByteFallback, Fuse, Strip, ByteLevel, and sequences
 * of them. Thread safe.
 */
class Decoder {
 public:
  Decoder() = default;
  /** Throws Error(kMalformed) or Error(kUnsupported) naming the file and the member. */
  explicit Decoder(const io::JsonValue& decoder);

  /**
   * Tokens' texts, valid UTF-8 each, -> valid UTF-8. Without a decoder they are joined by spaces. Throws Error when
   * the budget does not do.
   */
  std::string decode(std::vector<std::string> tokens, TextBudget& budget) const;

 private:
  enum class Kind { kReplace, kByteFallback, kFuse, kStrip, kByteLevel };
  struct Step {
    Kind kind = Kind::kFuse;
    std::string pattern;    // kReplace
    std::string content;    // kReplace; kStrip: one character
    std::size_t start = 0;  // kStrip: at most so many from the start
    std::size_t stop = 0;   // kStrip: at most so many from the end
  };

  void add_steps(const io::JsonValue& decoder);
  static std::vector<std::string> apply(const Step& step, std::vector<std::string> tokens, TextBudget& budget);

  std::vector<Step> steps_;
  bool any_ = false;
};

}  // namespace gvl::text
