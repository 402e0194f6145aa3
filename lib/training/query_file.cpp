#include "training/query_file.hpp"

#include <map>

namespace gvl::training {
namespace {

namespace fs = std::filesystem;

VideoQuery read_query(const io::JsonValue& record) {
  VideoQuery query{record.string("query"), record.string_or("kind", "query"), std::nullopt};
  if (!record.has("start") && !record.has("stop")) return query;
  const double start = record.number("start"), stop = record.number("stop");
  if (start < 0) throw record.at("start").error("must not be below 0");
  if (stop <= start) throw record.at("stop").error("must be behind start");
  query.interval = {start, stop};
  return query;
}

}  // namespace

std::vector<QueriedVideo> read_queries(const io::JsonValue& queries) {
  const fs::path folder = fs::path(queries.source()).parent_path();
  const fs::path videos_folder = folder / queries.string_or("videos", "");
  std::vector<QueriedVideo> videos;
  std::map<fs::path, std::size_t> known;
  for (const io::JsonValue& file : queries.array("files").elements()) {
    for (const io::JsonValue& record : io::JsonValue::load(folder / file.as_string()).elements()) {
      const fs::path video = videos_folder / record.string("video");
      const auto [place, is_new] = known.emplace(video, videos.size());
      if (is_new) videos.push_back({video, {}});
      videos[place->second].queries.push_back(read_query(record));
    }
  }
  if (videos.empty()) throw queries.error("hold no query");
  return videos;
}

}  // namespace gvl::training
