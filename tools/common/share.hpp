/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <string>

/** The share of one of several processes, "2/4" on the command line: every fourth, from the second on. */
struct Share {
  std::size_t number = 1;  ///< from 1
  std::size_t count = 1;

  /** Whether what is at this place, from 0, is in it. */
  bool has(std::size_t place) const { return place % count + 1 == number; }
};

/** Of the option --shard. Throws UsageError. */
Share read_share(const std::string& text);
