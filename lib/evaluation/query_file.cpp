/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/query_file.hpp"

#include <map>
#include <string>
#include <utility>

#include "io/quote.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

Question read_question(const io::JsonValue& record) {
  record.allow_members({"video", "query", "kind", "start", "stop"});
  Question question{{Task::kGrounding, record.string("query")}, record.string_or("kind", "query")};
  if (!record.has("start") && !record.has("stop")) return question;
  const double start = record.number("start"), stop = record.number("stop");
  if (start < 0) throw record.at("start").error("must not be below 0");
  if (stop <= start) throw record.at("stop").error("must be behind start");
  question.truths = {{start, stop}};
  return question;
}

/** Of each video and query, whether it happens in it: entries must not disagree. */
using Happens = std::map<std::pair<fs::path, std::string>, bool>;

void check_agrees(const io::JsonValue& record, const fs::path& video, const Question& question, Happens& happens) {
  const bool is_there = !question.truths.empty();
  if (happens.emplace(std::pair(video, question.query.text), is_there).first->second == is_there) return;
  throw record.error("has " + std::string(is_there ? "" : "no ") + "times of " + io::quote(question.query.text) +
                     " in that video, unlike an entry before it: either it happens or it never does");
}

}  // namespace

std::vector<QueriedVideo> read_queries(const io::JsonValue& queries) {
  queries.allow_members({"files", "videos"});
  const fs::path folder = fs::path(queries.source()).parent_path();
  const fs::path videos_folder = folder / queries.string_or("videos", "");
  std::vector<QueriedVideo> videos;
  std::map<fs::path, std::size_t> known;
  Happens happens;
  for (const io::JsonValue& file : queries.array("files").elements()) {
    for (const io::JsonValue& record : io::JsonValue::load(folder / file.as_string()).elements()) {
      const fs::path video = videos_folder / record.string("video");
      const auto [place, is_new] = known.emplace(video, videos.size());
      if (is_new) videos.push_back({video, {}});
      videos[place->second].questions.push_back(read_question(record));
      check_agrees(record, video, videos[place->second].questions.back(), happens);
    }
  }
  if (videos.empty()) throw queries.error("hold no query");
  return videos;
}

}  // namespace gvl::evaluation
