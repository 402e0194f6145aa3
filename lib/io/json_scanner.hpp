#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"

namespace gvl::io {

/** What a scan found out about a JSON text beside that it is well-formed. */
struct JsonScan {
  std::optional<std::string> repeated_member;  ///< of the outermost object
  std::vector<std::size_t> huge_integers;      ///< offsets just behind integers that do not fit 64 bits with sign
};

/**
 * Checks that `text` is JSON by RFC 8259 within `limits`, in one pass that neither recurses nor builds values.
 * Throws Error(kMalformed) naming `source` and the byte at fault.
 */
JsonScan scan_json(std::string_view text, const std::string& source, const JsonLimits& limits);

}  // namespace gvl::io
