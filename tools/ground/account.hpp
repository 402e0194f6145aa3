/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ground/report.hpp"

/**
 * What a run over `videos` videos came to: "3 events in 2 files, 41 s, 18 x real time". `seconds` is what it took;
 * `longest` how many seconds of each video were looked at, where that was said. Empty where none was looked at.
 */
std::string account_of(const std::vector<FoundEvents>& found, std::size_t videos, double seconds,
                       std::optional<double> longest);
