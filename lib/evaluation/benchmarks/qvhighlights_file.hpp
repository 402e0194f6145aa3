/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "io/json.hpp"

namespace gvl::evaluation {

/**
 * Calls `take` with the qid and the record of each line of a QVHighlights file, annotation or submission: JSON lines of
 * at most 1 MiB. A qid is as in JSON: 7803, or "7803" with its quotes. Throws Error(kMalformed) naming file and line
 * for a line that is none, a qid that is neither text nor integer and one that is there twice, which the script would
 * mix; also what JsonLines and `take` throw.
 */
void for_each_qvhighlights_line(const std::filesystem::path& file,
                                const std::function<void(const std::string& id, const io::JsonValue& record)>& take);

}  // namespace gvl::evaluation
