#pragma once

#include <cstddef>
#include <string>

#include "gvl/error.hpp"
#include "io/json.hpp"

namespace gvl::text {

/** Longest text, in bytes, that steps of a tokenizer may make of a shorter one. */
constexpr std::size_t kLongestText = std::size_t{16} << 20;

/** Throws Error(kResource) when `more` bytes make a text longer than what a tokenizer may make. */
inline void require_length(std::size_t length, std::size_t more) {
  if (more > kLongestText || length > kLongestText - more) {
    throw Error(ErrorCode::kResource,
                "the tokenizer makes the text longer than " + std::to_string(kLongestText) + " bytes");
  }
}

/** Throws Error(kUnsupported) when a part of a tokenizer has more steps than any published one. */
inline void require_steps(const io::JsonValue& part, std::size_t steps) {
  constexpr std::size_t kMostSteps = 64;
  if (steps > kMostSteps) throw part.error("has more than 64 steps", ErrorCode::kUnsupported);
}

/** An Error(kUnsupported) for a step whose type is not known here. */
Error unsupported_type(const io::JsonValue& step, const std::string& type);

/** The String of a `pattern`, not empty. */
std::string string_pattern(const io::JsonValue& pattern);

}  // namespace gvl::text
