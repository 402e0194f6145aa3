/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/limits.hpp"

#include "io/quote.hpp"

namespace gvl::text {

Error unsupported_type(const io::JsonValue& step, const std::string& type) {
  return step.at("type").error(io::quote(type) + " is not supported", ErrorCode::kUnsupported);
}

std::string string_pattern(const io::JsonValue& pattern) {
  if (!pattern.has("String")) throw pattern.error("only a String is supported", ErrorCode::kUnsupported);
  const std::string text = pattern.string("String");
  if (text.empty()) throw pattern.at("String").error("is empty");
  return text;
}

}  // namespace gvl::text
