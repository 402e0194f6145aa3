/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <vector>

#include "evaluation/evaluation.hpp"
#include "io/json.hpp"

namespace gvl::evaluation {

/** What is asked about a video in a file. */
struct QueriedVideo {
  std::filesystem::path file;
  std::vector<Question> questions;
};

/**
 * Reads the member `queries` of what gvl-eval measures: `{"files": [...], "videos": FOLDER}`. Each file is a JSON list
 * of `{"video", "query", "kind", "start", "stop"}`; `kind` is optional, and so are both times of what does not happen.
 * What happens several times in a video has an entry for each, with the same video and query; one without times
 * contradicts them. Videos in the order in which they are first named. Throws Error naming file and member.
 */
std::vector<QueriedVideo> read_queries(const io::JsonValue& queries);

}  // namespace gvl::evaluation
