/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/share.hpp"

#include <regex>

#include "common/usage.hpp"

Share read_share(const std::string& text) {
  std::smatch parts;
  if (std::regex_match(text, parts, std::regex("([0-9]{1,4})/([0-9]{1,4})"))) {
    const Share share{std::stoul(parts[1]), std::stoul(parts[2])};
    if (share.number >= 1 && share.number <= share.count) return share;
  }
  throw UsageError("--shard " + text + ": I/N is needed, 2/4 say, with I from 1 to N and N up to 9999");
}
