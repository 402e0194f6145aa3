/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gvl::text {

/** A stretch of text on its way through the tokenizer. */
struct Piece {
  std::string text;                ///< valid UTF-8
  std::vector<bool> untrusted;     ///< per byte of text; empty when all of it is trusted
  std::optional<std::int64_t> id;  ///< an added token, found in place of text

  /** The bytes from `start` up to `stop`, without an id. */
  Piece part(std::size_t start, std::size_t stop) const {
    Piece result{text.substr(start, stop - start), {}, std::nullopt};
    if (!untrusted.empty()) {
      const auto from = untrusted.begin();
      result.untrusted.assign(from + static_cast<std::ptrdiff_t>(start), from + static_cast<std::ptrdiff_t>(stop));
    }
    return result;
  }

  /** Whether somebody untrusted wrote one of the bytes from `start` up to `stop`. */
  bool touches_untrusted(std::size_t start, std::size_t stop) const {
    if (untrusted.empty()) return false;
    for (std::size_t i = start; i < stop; ++i) {
      if (untrusted[i]) return true;
    }
    return false;
  }
};

}  // namespace gvl::text
