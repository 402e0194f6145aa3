/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"

namespace gvl::io {

/**
 * A value of a JSON text, or a member's name, in the order of the text. Entry 0 is the outermost value; what is in an
 * array or object follows it, a member's value its name.
 */
struct JsonEntry {
  std::uint32_t begin = 0;   ///< its first character
  std::uint32_t parent = 0;  ///< the array or object that it is in; the outermost value's own
  std::uint32_t next = 0;    ///< the entry behind it and all that is in it
  std::uint32_t count = 0;   ///< elements, or members as they are written
};

/**
 * Checks that `text` is JSON by RFC 8259 within `limits`, in one pass that neither recurses nor builds values;
 * `entries`, where it is given, tells of them. Throws Error(kMalformed) naming `source` and the byte at fault.
 */
void scan_json(std::string_view text, const std::string& source, const JsonLimits& limits,
               std::vector<JsonEntry>* entries = nullptr);

/** Just behind the closing quote of the string that begins at `position` of text that was scanned. */
std::size_t end_of_json_string(std::string_view text, std::size_t position) noexcept;

/** What stands between the quotes of a string that was scanned, with its escapes replaced. */
std::string unescape_json(std::string_view text);

}  // namespace gvl::io
