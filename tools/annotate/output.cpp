/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotate/output.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <system_error>
#include <utility>

#include "annotation/json_writer.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"

namespace {

namespace fs = std::filesystem;
using gvl::annotation::JsonWriter;
using gvl::annotation::Rejection;

constexpr const char *kConversations = "conversations.json", *kRejected = "rejected.jsonl", *kReport = "report.json";

std::string lines_of(const std::vector<Rejection>& rejected) {
  std::string lines;
  for (const Rejection& rejection : rejected) {
    JsonWriter json;
    json.object(
        [&] { json.text("video", rejection.video).text("reason", rejection.reason).text("what", rejection.what); });
    lines += json.line() + "\n";
  }
  return lines;
}

/** Reasons and how often each was one, the most frequent first. */
std::vector<std::pair<std::string, std::int64_t>> reasons_of(const std::vector<Rejection>& rejected) {
  std::map<std::string, std::int64_t> counts;
  for (const Rejection& rejection : rejected) ++counts[rejection.reason];
  std::vector<std::pair<std::string, std::int64_t>> reasons(counts.begin(), counts.end());
  std::stable_sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return reasons;
}

std::string report_of(const Outcome& outcome) {
  JsonWriter json;
  json.object([&] {
    json.integer("videos", static_cast<std::int64_t>(outcome.videos));
    json.integer("questions", static_cast<std::int64_t>(outcome.questions));
    json.integer("records", static_cast<std::int64_t>(outcome.records.size()));
    json.integer("prompt_tokens", outcome.prompt_tokens).integer("completion_tokens", outcome.completion_tokens);
    json.integer("embedding_tokens", outcome.embedding_tokens);
    json.object("rejected", [&] {
      for (const auto& [reason, count] : reasons_of(outcome.rejected)) json.integer(reason.c_str(), count);
    });
  });
  return json.line() + "\n";
}

}  // namespace

void require_others(const fs::path& read, const std::vector<fs::path>& written) {
  std::error_code is_none;
  for (const fs::path& file : written) {
    if (fs::equivalent(read, file, is_none))
      throw gvl::Error(gvl::ErrorCode::kInvalidArgument, file.string() + ": is what is read, and would be overwritten");
  }
}

void require_others_in(const fs::path& folder, const fs::path& read) {
  require_others(read, {folder / kConversations, folder / kRejected, folder / kReport});
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw gvl::Error(gvl::ErrorCode::kResource, folder.string() + ": cannot be created: " + error.message());
}

void write_outcome(const fs::path& folder, const Outcome& outcome) {
  gvl::training::write_conversations(folder / kConversations, outcome.records);
  gvl::io::write_atomically(folder / kRejected, lines_of(outcome.rejected));
  gvl::io::write_atomically(folder / kReport, report_of(outcome));
  std::printf("%zu records of %zu questions about %zu videos; %zu rejected\n", outcome.records.size(),
              outcome.questions, outcome.videos, outcome.rejected.size());
  for (const auto& [reason, count] : reasons_of(outcome.rejected))
    std::printf("%6lld  %s\n", static_cast<long long>(count), reason.c_str());
}
