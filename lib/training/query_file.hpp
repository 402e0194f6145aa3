#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/grounding.hpp"
#include "io/json.hpp"

namespace gvl::training {

/** A question about a video, and when it is true. */
struct VideoQuery {
  std::string query;
  std::string kind;                              ///< what is measured apart
  std::optional<evaluation::Interval> interval;  ///< seconds; none: it does not happen
};

/** The queries about one video. */
struct QueriedVideo {
  std::filesystem::path file;
  std::vector<VideoQuery> queries;
};

/**
 * Reads the member `queries` of what gvl-eval measures: `{"files": [...], "videos": FOLDER}`. Each file is a JSON list
 * of `{"video", "query", "kind", "start", "stop"}`; `kind` may be left out, and both times of what does not happen.
 * Videos in the order in which they are first named. Throws Error naming file and member.
 */
std::vector<QueriedVideo> read_queries(const io::JsonValue& queries);

}  // namespace gvl::training
