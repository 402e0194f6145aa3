/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <vector>

#include "detector.hpp"

namespace gvl::benchmarks {

/**
 * What is seen where nothing is: in films without things of COCO's classes. `list` has a film a line. Prints; throws
 * Error naming the file.
 */
void print_false_positives(const Detector& detector, const std::filesystem::path& list, std::int64_t keyframes,
                           std::int64_t objects);

/** The lines of a file that are not empty, relative paths taken from the file's folder. Throws Error naming it. */
std::vector<std::filesystem::path> read_list(const std::filesystem::path& list);

}  // namespace gvl::benchmarks
